import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { LogSink } from '#shared/logging/cloud-logging.ts';

export interface Execution {
  readonly running: boolean;
  /** Of the process, once it has ended; null when a signal ended it, undefined while it runs. */
  readonly status: number | null | undefined;
}

/** Milliseconds between SIGTERM and SIGKILL, as Cloud Run has it. */
const GRACE = 10_000;

/** Processes that were started as executions of a job. */
export function createExecutions(log: LogSink) {
  const running = new Map<string, { child: ChildProcess; ended: Promise<unknown> }>();
  const known = new Map<string, Execution>();

  return {
    start(
      name: string,
      [program, ...args]: readonly [string, ...string[]],
      env: Readonly<Record<string, string>>,
    ): void {
      const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', log);
      const ended = once(child, 'close')
        .catch(() => undefined)
        .finally(() => {
          running.delete(name);
          known.set(name, { running: false, status: child.exitCode });
        });
      running.set(name, { child, ended });
      known.set(name, { running: true, status: undefined });
    },

    find: (name: string): Execution | undefined => known.get(name),

    async close(): Promise<void> {
      await Promise.all(
        [...running.values()].map(async ({ child, ended }) => {
          child.kill('SIGTERM');
          const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
          await ended.finally(() => clearTimeout(timer));
        }),
      );
    },
  };
}
