import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Seat } from '../seat/seat.ts';
import { endProcesses } from './end-processes.ts';
import { CommandError, EXIT } from './exit.ts';
import { type PassedOn, type SignalQueue, statusOf } from './signals.ts';
import { commandFor } from './windows-command.ts';
import { createWitness, type Witness } from './witness.ts';

export interface RunOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly seat: Pick<Seat, 'signal' | 'state'>;
  readonly signals: SignalQueue;
  readonly onLost: 'terminate' | 'warn';
  /** Milliseconds. */
  readonly grace: number;
}

const WINDOWS = process.platform === 'win32';

/**
 * Runs a command with every signal passed on to it once, and ends it when the seat is lost.
 *
 * On a terminal the command shares our process group, so that it may read from the terminal, stop and go on; what the
 * terminal sends reaches both. Elsewhere it leads a group of its own, so that all of it can be ended.
 * @returns its status, as a shell has it; `EXIT.refused` when the seat was lost
 */
export async function runCommandLine({ program, args, seat, signals, onLost, grace }: RunOptions): Promise<number> {
  const detached = !WINDOWS && !hasTerminal();
  const witness = WINDOWS ? undefined : createWitness(detached);
  await witness?.ready;
  if (signals.ended.aborted) {
    witness?.stop();
    return signals.status();
  }
  const { file, args: list, verbatim } = commandFor(program, args);
  const child = spawn(file, list, { stdio: 'inherit', detached, windowsVerbatimArguments: verbatim });
  signals.take((signal) => void passOn(child, signal, detached, witness));
  let ending: Promise<void> | undefined;
  const onAbort = () => {
    if (seat.state !== 'lost' || onLost === 'warn' || child.pid === undefined) return;
    ending = endProcesses({ pid: child.pid, ownGroup: detached, spare: witness?.pids ?? [], grace });
  };
  seat.signal.addEventListener('abort', onAbort);
  try {
    const status = await statusOfChild(child, program);
    await ending;
    return ending === undefined ? status : EXIT.refused;
  } finally {
    seat.signal.removeEventListener('abort', onAbort);
    witness?.stop();
  }
}

/** Whether there is a terminal whose Ctrl-C reaches this process, wherever its input and output may go. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r+'));
    return true;
  } catch {
    return false;
  }
}

async function passOn(
  child: ChildProcess,
  signal: PassedOn,
  ownGroup: boolean,
  witness: Witness | undefined,
): Promise<void> {
  // Windows sends a console's events to every program of it.
  if (witness === undefined || (await witness.saw(signal)) || child.pid === undefined) return;
  try {
    process.kill(ownGroup ? -child.pid : child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** 128 + the signal, 127 for a command that is not there, 126 for one that cannot be run. */
const statusOfChild = (child: ChildProcess, program: string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.on('error', (error) => {
      const missing = 'code' in error && error.code === 'ENOENT';
      const message = `${program} ${missing ? 'was not found' : 'cannot be run'}: check its name and permissions.`;
      reject(new CommandError(missing ? 127 : 126, missing ? 'command_not_found' : 'command_not_run', message));
    });
    child.on('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : statusOf(signal))));
  });
