import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { LogSink } from '#shared/logging/cloud-logging.ts';
import type { Clock } from '#shared/model/clock.ts';

export interface Execution {
  readonly name: string;
  /** The environment as the start's overrides left it. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Undefined while it runs. */
  readonly ended: { readonly at: number; readonly exitCode: number; readonly signal: number } | undefined;
}

/** Milliseconds between SIGTERM and SIGKILL, as Cloud Run has it. */
const GRACE = 10_000;

/** Processes that were started as executions of a job. */
export function createExecutions(log: LogSink, clock: Clock) {
  const running = new Map<string, { child: ChildProcess; ended: Promise<unknown> }>();
  const known = new Map<string, Execution>();

  return {
    start(
      name: string,
      [program, ...args]: readonly [string, ...string[]],
      env: Readonly<Record<string, string>>,
    ): void {
      const execution = { name, env, createdAt: clock.now(), ended: undefined };
      const child = spawn(program, args, {
        env: { ...env, ...cloudRunVariables(name) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', log);
      const ended = once(child, 'close')
        .catch(() => undefined)
        .finally(() => {
          running.delete(name);
          const signal = child.signalCode === null ? 0 : constants.signals[child.signalCode];
          known.set(name, { ...execution, ended: { at: clock.now(), exitCode: child.exitCode ?? 0, signal } });
        });
      running.set(name, { child, ended });
      known.set(name, execution);
    },

    find: (name: string): Execution | undefined => known.get(name),

    /** Newest first. */
    of: (job: string): readonly Execution[] =>
      [...known.values()].filter(({ name }) => name.startsWith(`${job}/executions/`)).toReversed(),

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

/** What Cloud Run sets in a job's container. https://cloud.google.com/run/docs/container-contract#jobs-env-vars */
function cloudRunVariables(name: string): Record<string, string> {
  const [, job = '', execution = ''] = /\/jobs\/([^/]+)\/executions\/([^/]+)$/.exec(name) ?? [];
  return {
    CLOUD_RUN_JOB: job,
    CLOUD_RUN_EXECUTION: execution,
    CLOUD_RUN_TASK_INDEX: '0',
    CLOUD_RUN_TASK_ATTEMPT: '0',
    CLOUD_RUN_TASK_COUNT: '1',
  };
}
