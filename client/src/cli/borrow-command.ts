import { SeatError } from '../seat/error.ts';
import type { Seat } from '../seat/seat.ts';
import { EXIT } from './exit.ts';
import { type SeatArguments, takeSeat, toCommandError } from './seat-command.ts';
import { receiveSignals } from './signals.ts';
import type { Terminal } from './terminal.ts';

export interface BorrowArguments extends SeatArguments {
  /** Undefined: as many as the licence allows. */
  readonly days?: number | undefined;
}

const SECONDS_A_DAY = 86_400;

/** `countersign borrow`: takes a seat and makes it this machine's for some days. */
export function borrowCommand({ days, ...args }: BorrowArguments, terminal: Terminal): Promise<number> {
  return withSeat(args, terminal, async (seat) => {
    await seat.borrow(days === undefined ? undefined : days * SECONDS_A_DAY);
    const until = new Date(seat.borrowedUntil ?? 0).toISOString();
    terminal.out(args.json ? `${JSON.stringify({ state: seat.state, borrowed_until: until })}\n` : `${until}\n`);
  });
}

/** `countersign return`: gives a borrowed seat back before its time. */
export function returnCommand(args: SeatArguments, terminal: Terminal): Promise<number> {
  return withSeat({ ...args, wait: 0 }, terminal, (seat) => seat.returnBorrowed());
}

async function withSeat(args: SeatArguments, terminal: Terminal, work: (seat: Seat) => Promise<void>): Promise<number> {
  const signals = receiveSignals();
  try {
    const seat = await takeSeat(args, terminal, signals);
    if (seat === undefined) return signals.status();
    try {
      await work(seat);
      return EXIT.ok;
    } catch (error) {
      throw error instanceof SeatError ? toCommandError(error) : error;
    } finally {
      await seat.release(); // a borrowed one stays
    }
  } finally {
    signals.stop();
  }
}
