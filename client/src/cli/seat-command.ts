import { nodePlatform } from '../platform/node.ts';
import { ADVICE, SeatError, type SeatErrorCode } from '../seat/error.ts';
import { holdSeatOn } from '../seat/hold.ts';
import type { HoldOptions } from '../seat/options.ts';
import type { Seat } from '../seat/seat.ts';
import { cleanText } from '../text/clean.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import { keysFor, serverOf } from './keys-for.ts';
import { productOf } from './product.ts';
import { report } from './report.ts';
import type { SignalQueue } from './signals.ts';
import type { Terminal } from './terminal.ts';

/** What every command that concerns a seat is told. */
export interface SeatArguments {
  readonly url?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly licenseFile?: string | undefined;
  readonly product?: string | undefined;
  readonly application?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly hideMachine: boolean;
  /** Seconds, like the one that follows. */
  readonly wait: number;
  readonly patience?: number | undefined;
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
  readonly json: boolean;
}

/** @returns undefined when a signal came first */
export async function takeSeat(
  args: SeatArguments,
  terminal: Terminal,
  signals: SignalQueue,
): Promise<Seat | undefined> {
  const options = {
    ...(await seatOptions(args, terminal)),
    signal: signals.ended,
    onEvent: report(args.json, terminal),
  };
  try {
    return await holdSeatOn(nodePlatform, options);
  } catch (error) {
    if (error instanceof SeatError && error.code === 'aborted') return undefined;
    throw toCommandError(error);
  }
}

export async function seatOptions(args: SeatArguments, terminal: Terminal): Promise<HoldOptions> {
  const common = {
    product: productOf(args.product, terminal),
    application: args.application,
    hardwareId: args.hardwareId,
    hostname: args.hideMachine ? (false as const) : undefined,
    platform: args.hideMachine ? (false as const) : undefined,
    wait: args.wait * 1000,
    patience: args.patience === undefined ? undefined : args.patience * 1000,
    keys: await keysFor(args, terminal),
    releaseOnExit: false,
  };
  if (args.licenseFile !== undefined) return { ...common, licenseFile: await readInput(args.licenseFile, terminal) };
  return { ...common, url: serverOf(args.url, terminal), licenseKey: await readLicenseKey(args.keyFile, terminal) };
}

/** What a seat throws, as a command says it. */
export function toCommandError(error: unknown): unknown {
  if (error instanceof TypeError) return usageError(`${error.message}.`);
  if (!(error instanceof SeatError)) return error;
  return new CommandError(statusOf(error.code), error.code, error.message);
}

/** Of the codes that mean no refusal. */
const STATUS: Readonly<Partial<Record<SeatErrorCode, number>>> = {
  no_seats_available: EXIT.noSeat,
  queue_full: EXIT.noSeat,
  no_borrow_available: EXIT.noSeat,
  invalid_request: EXIT.usage,
};

/** A code that gives no advice on the licence says why the server gave no answer. */
const statusOf = (code: SeatErrorCode): number => STATUS[code] ?? (code in ADVICE ? EXIT.refused : EXIT.unreachable);

/** Not from an argument: those are seen by every user of a machine. */
async function readLicenseKey(file: string | undefined, terminal: Terminal): Promise<string> {
  const key = file === undefined ? terminal.env['COUNTERSIGN_LICENSE_KEY'] : await readInput(file, terminal);
  const text = cleanText(key ?? '');
  if (text !== '') return text;
  if (file !== undefined) throw new CommandError(EXIT.input, 'no_key', `${file} holds no licence key: it is empty.`);
  throw usageError('Set COUNTERSIGN_LICENSE_KEY to the licence key, or name --key-file.');
}
