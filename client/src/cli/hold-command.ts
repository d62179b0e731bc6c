import { usageError } from './exit.ts';
import { runCommandLine } from './run-command-line.ts';
import { type SeatArguments, takeSeat } from './seat-command.ts';
import { receiveSignals } from './signals.ts';
import type { Terminal } from './terminal.ts';

export interface HoldArguments extends SeatArguments {
  /** Seconds from the loss of the seat, when the command is asked to end, until it is made to. */
  readonly grace: number;
  readonly onLost: 'terminate' | 'warn';
  readonly command: readonly string[];
}

/** `countersign hold`: a seat for as long as a command runs. @returns the command's status */
export async function holdCommand(args: HoldArguments, terminal: Terminal): Promise<number> {
  const [program, ...rest] = args.command;
  if (program === undefined) throw usageError('Give the command to run after --.');
  // From the first moment: a signal that comes before there is a command ends the waiting.
  const signals = receiveSignals();
  try {
    const seat = await takeSeat(args, terminal, signals);
    if (seat === undefined) return signals.status();
    try {
      return await runCommandLine({
        program,
        args: rest,
        seat,
        signals,
        onLost: args.onLost,
        grace: args.grace * 1000,
      });
    } finally {
      await seat.release();
    }
  } finally {
    signals.stop();
  }
}
