import { type ChildProcess, spawn } from 'node:child_process';
import { type Signals, statusOfSignal } from './signals.ts';

export interface CommandOptions {
  readonly command: readonly [program: string, ...args: string[]];
  readonly env: NodeJS.ProcessEnv;
  /** Written to its standard input; it may stop reading when it likes. */
  readonly input: Uint8Array;
  /** Milliseconds. */
  readonly deadline: number;
  /** Milliseconds between SIGTERM and SIGKILL at the deadline. */
  readonly grace?: number;
  /** Ends the command as the deadline does. */
  readonly stop?: AbortSignal;
  readonly signals: Signals;
}

/** Exit statuses of `timeout`, `env` and shells: timed out, not executable, not found. */
const OUT_OF_TIME = 124;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

const GRACE = 10_000;

/**
 * Runs a command and returns its exit status: its own, 128 + n after signal n, 124 when it was stopped at the deadline,
 * 127 or 126 when it could not be started. It writes to the worker's output. It has a process group of its own, so that
 * a signal reaches its children as well.
 */
export function runCommand(options: CommandOptions): Promise<number> {
  const { command, env, input, deadline, grace = GRACE, stop, signals } = options;
  const stopped = signals.received();
  if (stopped !== undefined) return Promise.resolve(statusOfSignal(stopped));
  const [program, ...args] = command;
  const detached = process.platform !== 'win32';
  const child = spawn(program, args, { env, detached, stdio: ['pipe', 'inherit', 'inherit'] });
  // The command may stop reading its input: EPIPE is no failure.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  signals.pass((signal) => send(child, signal));
  return ended(child, deadline, grace, stop);
}

function ended(child: ChildProcess, deadline: number, grace: number, stop?: AbortSignal): Promise<number> {
  return new Promise((resolve) => {
    let late = false;
    let killing: NodeJS.Timeout | undefined;
    const end = () => {
      send(child, 'SIGTERM');
      killing = setTimeout(() => send(child, 'SIGKILL'), grace);
    };
    const ending = setTimeout(() => {
      late = true;
      end();
    }, deadline);
    stop?.addEventListener('abort', end, { once: true });
    if (stop?.aborted) end();
    const settle = (status: number) => {
      clearTimeout(ending);
      clearTimeout(killing);
      stop?.removeEventListener('abort', end);
      resolve(late ? OUT_OF_TIME : status);
    };
    child.once('exit', (status, signal) => settle(signal === null ? (status ?? 1) : statusOfSignal(signal)));
    child.once('error', (error) => settle('code' in error && error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE));
  });
}

function send(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {
    // It has ended in the meantime.
  }
}
