import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Bucket, Storage } from '@google-cloud/storage';
import { vi } from 'vitest';
import * as z from 'zod';
import { emailOf } from '#local/accounts.ts';
import { workerJob } from '#local/run/worker-job.ts';
import type { Suite } from './suite.ts';

const execution = z.object({ runningCount: z.number(), succeededCount: z.number(), failedCount: z.number() });

const RETRY = { autoRetry: false };

/** The payload bucket as one account sees it, through the real client. */
export const payloadBucket = ({ stack }: Suite, apiEndpoint: string): Bucket =>
  new Storage({ apiEndpoint, projectId: stack.project.id, retryOptions: RETRY }).bucket(stack.project.payloadBucket);

export const administratorsBucket = (suite: Suite): Bucket => payloadBucket(suite, suite.stack.storage);

/** An execution of the worker's job, as Cloud Run's Admin API describes it. */
export async function executionOf({ stack }: Suite, name: string) {
  const response = await fetch(`${stack.run(emailOf(stack.project, 'administrator'))}/v2/${name}`);
  return execution.parse(await response.json());
}

/** Programs for the worker to run, in shell; `$0` is what the test passes. */
export const shell = (script: string, argument = 'sh'): string[] => ['/bin/sh', '-c', script, argument];

export interface Worker {
  readonly child: ChildProcess;
  output(): string;
  /** The exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** The worker as the job would start it, with another command. */
export function startWorker(
  { stack }: Suite,
  taskId: string,
  command: string[],
  rest: Record<string, string> = {},
): Worker {
  const { command: job, env } = workerJob(stack.environment('task-worker'));
  const [program, ...args] = job;
  const settings = { ...env, TASK_ID: taskId, WORKER_COMMAND: JSON.stringify(command), ...rest };
  const child = spawn(program, args, { env: settings, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode ?? 'SIGKILL');
  return { child, output: () => text, ended };
}

/** The function as a process of its own, as Cloud Run would run it. */
export async function startInstance({ stack }: Suite, rest: Record<string, string> = {}) {
  const port = await freePort();
  const given = Object.entries({ ...stack.environment('task-payloads'), ...rest, PORT: String(port) });
  const env = Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const main = new URL('../../functions/task-payloads/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main], {
    env: { ...env, METADATA_SERVER_DETECTION: 'none' },
    stdio: 'ignore',
  });
  const closed = once(child, 'close');
  const url = `http://127.0.0.1:${port}`;
  await vi.waitUntil(
    () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      ),
    60_000,
  );
  return {
    url,
    kill: () => child.kill('SIGKILL'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
