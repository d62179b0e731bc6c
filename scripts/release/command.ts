import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Written to its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it says on standard error is shown as it comes, for what takes minutes. */
  readonly show?: boolean;
}

/** Runs a program and answers its standard output. @throws CommandError */
export type Run = (program: string, args: readonly string[], options?: CommandOptions) => Promise<string>;

export class CommandError extends Error {
  readonly output: string;

  constructor(line: string, output: string) {
    super(`${line}: ${output.trim().split('\n').at(-1) || 'failed'}`);
    this.name = 'CommandError';
    this.output = output;
  }
}

/** As it would be typed. */
export const commandLine = (program: string, args: readonly string[]): string =>
  [program, ...args].map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)).join(' ');

/**
 * Runs programs of this machine, each at most `timeoutSeconds`.
 *
 * @param signal ends the one that runs, and starts no other
 */
export function createRun(log: (line: string) => void, timeoutSeconds: number, signal?: AbortSignal): Run {
  return (program, args, options = {}) => {
    const line = commandLine(program, args);
    log(`+ ${line}`);
    return new Promise((resolve, reject) => {
      const limits = [AbortSignal.timeout(timeoutSeconds * 1000), ...(signal === undefined ? [] : [signal])];
      const child = spawn(program, args, {
        env: { ...process.env, ...options.env },
        signal: AbortSignal.any(limits),
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => {
        err.push(chunk);
        if (options.show) process.stderr.write(chunk);
      });
      child.on('error', (error) => reject(new CommandError(line, error.message)));
      child.stdin.on('error', () => undefined); // it may end without reading
      child.stdin.end(options.input ?? '');
      child.on('close', (status) => {
        if (status === 0) resolve(Buffer.concat(out).toString());
        else reject(new CommandError(line, Buffer.concat(err).toString() || `status ${status}`));
      });
    });
  };
}

/** Answers that stay the same however often one asks: there is none, or it is another one by now. */
export const ABSENT = /matched no objects|not found|\b404\b/i;
export const CHANGED = /pre-?condition|conditionNotMet|\b412\b/i;

/** Repeats what failed, for commands that say the same when they arrive twice. */
export function persistent(run: Run, pause: (seconds: number) => Promise<void>, attempts = 3): Run {
  return async (program, args, options) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run(program, args, options);
      } catch (error) {
        const final = error instanceof CommandError && (ABSENT.test(error.output) || CHANGED.test(error.output));
        if (final || attempt === attempts) throw error;
        await pause(2 * attempt);
      }
    }
  };
}
