import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf } from '#local/bundles.ts';
import { fillCache } from '../cold-start/start.ts';
import { type MeasuredProcess, startMeasured } from '../http/measured-process.ts';
import type { Answers, SuiteRequest } from './suite-process.ts';

/** One tree of the project, running: its local Google Cloud in a process, and its functions' bundles in one each. */
export interface Side {
  readonly tree: string;
  /** Of what runs without a compile cache. */
  readonly seats: MeasuredProcess;
  readonly signing: MeasuredProcess;
  readonly keys: MeasuredProcess;
  readonly licenseKey: string;
  readonly serviceToken: string;
  /** What a function's bundle is started with, its compile cache filled as in the image. */
  coldEnvironment(name: string): Readonly<Record<string, string | undefined>>;
  /** @throws Error that says what went wrong over there */
  ask<Op extends SuiteRequest['op']>(request: Extract<SuiteRequest, { op: Op }>): Promise<Answers[Op]>;
  close(): Promise<void>;
}

export const COLD = ['seats', 'public-keys'] as const;

/**
 * @param directory for keys, logs and compile caches
 * @param host host:port of a Firestore that both sides use
 * @param seats of the licence that requests over HTTP are for
 */
export async function startSide(tree: string, directory: string, host: string, seats: number): Promise<Side> {
  await mkdir(directory, { recursive: true });
  const suite = fork(join(import.meta.dirname, 'suite-process.ts'), [tree, directory, host]);
  const ended = once(suite, 'exit');
  const running: MeasuredProcess[] = [];
  const answer = async () => {
    const gone = ended.then(([status]) => ({ error: `the suite of ${tree} ended with ${status}` }));
    const [{ result, error }] = await Promise.race([once(suite, 'message'), gone.then((message) => [message])]);
    if (error !== undefined) throw new Error(error);
    return result;
  };
  const ask: Side['ask'] = (request) => {
    const answered = answer();
    suite.send(request);
    return answered;
  };
  async function close(): Promise<void> {
    for (const server of running) await server.stop();
    suite.kill('SIGKILL');
    await ended;
  }

  try {
    await answer();
    const environment = async (name: string) => ({
      ...(await ask({ op: 'environment', name })),
      PATH: process.env['PATH'],
      RATE_LIMIT_PER_HOUR: '1000000',
    });
    const program = (name: string) => bundleOf(join(tree, 'dist'), name);
    const start = async (name: string) => {
      const log = join(directory, `log-${name}`);
      const server = await startMeasured({
        program: program(name),
        env: await environment(name),
        log,
      });
      running.push(server);
      return server;
    };
    const cache = join(directory, 'compile-cache');
    await rm(cache, { recursive: true, force: true });
    const cold = new Map<string, Record<string, string | undefined>>();
    for (const name of COLD) {
      await fillCache(program(name), cache);
      cold.set(name, { ...(await environment(name)), METADATA_SERVER_DETECTION: 'none', NODE_COMPILE_CACHE: cache });
    }
    return {
      tree,
      seats: await start('seats'),
      signing: await start('license-signing'),
      keys: await start('public-keys'),
      licenseKey: await ask({ op: 'license', seats }),
      serviceToken: await ask({ op: 'serviceToken' }),
      coldEnvironment: (name) => cold.get(name) ?? {},
      ask,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
