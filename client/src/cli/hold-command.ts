import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { nodePlatform } from '../platform/node.ts';
import { SeatError, type SeatErrorCode } from '../seat/error.ts';
import type { SeatEvent } from '../seat/events.ts';
import { holdSeatOn, type Seat } from '../seat/hold.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import { keysFor, serverOf } from './keys-for.ts';
import type { Terminal } from './terminal.ts';

export interface HoldArguments {
  readonly url?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly application?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly wait: number;
  readonly patience?: number | undefined;
  readonly keys?: string | undefined;
  readonly onLost: 'terminate' | 'warn';
  readonly json: boolean;
  readonly command: readonly string[];
}

const STATUS: Readonly<Record<SeatErrorCode, number>> = {
  no_seats_available: EXIT.noSeat,
  license_not_found: EXIT.refused,
  license_expired: EXIT.refused,
  license_suspended: EXIT.refused,
  license_invalid: EXIT.refused,
  invalid_request: EXIT.usage,
  unreachable: EXIT.unreachable,
  aborted: EXIT.internal,
};

/** Passed on to the command, which decides when it ends; the seat is given back after it. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `countersign hold`: a seat for as long as a command runs. @returns the command's status */
export async function holdCommand(args: HoldArguments, terminal: Terminal): Promise<number> {
  const [program, ...rest] = args.command;
  if (program === undefined) throw usageError('Give the command to run after --.');
  const seat = await takeSeat(args, program, terminal);
  try {
    return await runWith(seat, program, rest, args.onLost);
  } finally {
    await seat.release();
  }
}

async function takeSeat(args: HoldArguments, program: string, terminal: Terminal): Promise<Seat> {
  const url = serverOf(args.url, terminal);
  const licenseKey = await readLicenseKey(args.keyFile, terminal);
  const options = {
    url,
    licenseKey,
    application: args.application ?? basename(program),
    wait: args.wait * 1000,
    releaseOnExit: false,
    onEvent: (event: SeatEvent) => report(event, args.json, terminal),
    ...(args.patience === undefined ? {} : { patience: args.patience * 1000 }),
    ...(args.hardwareId === undefined ? {} : { hardwareId: args.hardwareId }),
    ...(args.keys === undefined ? {} : { keys: await keysFor({ keys: args.keys }, terminal) }),
  };
  return holdSeatOn(nodePlatform, options).catch((error) => {
    if (error instanceof SeatError) throw new CommandError(STATUS[error.code], error.code, error.message);
    if (error instanceof TypeError) throw usageError(`${error.message}.`);
    throw error;
  });
}

/** Not from an argument: those are seen by every user of a machine. */
async function readLicenseKey(file: string | undefined, terminal: Terminal): Promise<string> {
  const key = file === undefined ? terminal.env['COUNTERSIGN_LICENSE_KEY'] : await readInput(file, terminal);
  if (!key?.trim()) throw usageError('Set COUNTERSIGN_LICENSE_KEY to the licence key, or name --key-file.');
  return key.trim();
}

function report(event: SeatEvent, json: boolean, { err }: Terminal): void {
  // The licence holds the session's secret; a log is no place for it.
  const shown = event.type === 'held' ? { ...event, license: undefined } : event;
  if (json) err(`${JSON.stringify(shown, (_name, value) => (value instanceof Error ? value.message : value))}\n`);
  else err(`countersign: ${describe(event)}\n`);
}

function describe(event: SeatEvent): string {
  const time = (at: number | undefined) => (at === undefined ? 'for good' : new Date(at).toISOString());
  switch (event.type) {
    case 'held':
      return `seat held, ${event.seatsUsed} of ${event.seatsTotal} in use`;
    case 'renewing':
      return 'renewing the licence';
    case 'offline':
      return `the licence server does not answer; the licence is good until ${time(event.validUntil)}`;
    case 'online':
      return 'the licence server answers again';
    case 'denied':
      return `all ${event.seatsTotal} seats are in use${event.retryAt === undefined ? '' : `, trying again at ${time(event.retryAt)}`}`;
    case 'refused_license':
    case 'lost':
      return event.message;
    case 'released':
      return event.confirmed ? 'seat given back' : 'the server could not be told; the seat is free after its lease';
    default:
      return event satisfies never;
  }
}

async function runWith(
  seat: Seat,
  program: string,
  args: readonly string[],
  onLost: 'terminate' | 'warn',
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  let lost = false;
  seat.signal.addEventListener('abort', () => {
    lost = onLost === 'terminate';
    if (lost) child.kill('SIGTERM');
  });
  try {
    const status = await statusOf(child, program);
    return lost ? EXIT.refused : status;
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, pass);
  }
}

/** As a shell has it: 128 + the signal, 127 for a command that is not there, 126 for one that cannot be run. */
const statusOf = (child: ChildProcess, program: string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const message = `${program} ${missing ? 'was not found' : 'cannot be run'}: check its name and permissions.`;
      reject(new CommandError(missing ? 127 : 126, missing ? 'command_not_found' : 'command_not_run', message));
    });
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
