import { nodePlatform } from '../platform/node.ts';
import { SeatError, type SeatErrorCode } from '../seat/error.ts';
import { holdSeatOn } from '../seat/hold.ts';
import type { Seat } from '../seat/seat.ts';
import { cleanText } from '../text/clean.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import { keysFor, serverOf } from './keys-for.ts';
import { productOf } from './product.ts';
import { report } from './report.ts';
import { runCommandLine } from './run-command-line.ts';
import { receiveSignals, type SignalQueue } from './signals.ts';
import type { Terminal } from './terminal.ts';

export interface HoldArguments {
  readonly url?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly product?: string | undefined;
  readonly application?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly hideMachine: boolean;
  /** Seconds, like the two that follow. */
  readonly wait: number;
  readonly patience?: number | undefined;
  /** From the loss of the seat, when the command is asked to end, until it is made to. */
  readonly grace: number;
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
  readonly onLost: 'terminate' | 'warn';
  readonly json: boolean;
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

/** @returns undefined when a signal came first */
async function takeSeat(args: HoldArguments, terminal: Terminal, signals: SignalQueue): Promise<Seat | undefined> {
  const options = {
    url: serverOf(args.url, terminal),
    licenseKey: await readLicenseKey(args.keyFile, terminal),
    product: productOf(args.product, terminal),
    application: args.application,
    hardwareId: args.hardwareId,
    hostname: args.hideMachine ? (false as const) : undefined,
    platform: args.hideMachine ? (false as const) : undefined,
    wait: args.wait * 1000,
    patience: args.patience === undefined ? undefined : args.patience * 1000,
    keys: await keysFor(args, terminal),
    signal: signals.ended,
    releaseOnExit: false,
    onEvent: report(args.json, terminal),
  };
  try {
    return await holdSeatOn(nodePlatform, options);
  } catch (error) {
    if (!(error instanceof SeatError)) throw error instanceof TypeError ? usageError(`${error.message}.`) : error;
    if (error.code === 'aborted') return undefined;
    throw new CommandError(STATUS[error.code] ?? EXIT.unreachable, error.code, error.message);
  }
}

/** Every other code says why the server gave no answer. */
const STATUS: Readonly<Partial<Record<SeatErrorCode, number>>> = {
  no_seats_available: EXIT.noSeat,
  license_not_found: EXIT.refused,
  license_expired: EXIT.refused,
  license_suspended: EXIT.refused,
  license_invalid: EXIT.refused,
  clock_wrong: EXIT.refused,
  invalid_request: EXIT.usage,
};

/** Not from an argument: those are seen by every user of a machine. */
async function readLicenseKey(file: string | undefined, terminal: Terminal): Promise<string> {
  const key = file === undefined ? terminal.env['COUNTERSIGN_LICENSE_KEY'] : await readInput(file, terminal);
  const text = cleanText(key ?? '');
  if (text !== '') return text;
  if (file !== undefined) throw new CommandError(EXIT.input, 'no_key', `${file} holds no licence key: it is empty.`);
  throw usageError('Set COUNTERSIGN_LICENSE_KEY to the licence key, or name --key-file.');
}
