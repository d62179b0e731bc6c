import { resolve } from 'node:path';
import { workerConfig } from '#functions/task-worker/config.ts';
import type { Environment } from '#shared/model/config.ts';
import type { Job } from './start.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** The command of the local worker's job: prints the payload's size, never its content. */
export const DEMONSTRATION_COMMAND = [process.execPath, resolve(import.meta.dirname, 'demonstration-command.ts')];

/** The task worker as a job, with its production settings and the variables that any process needs. */
export function workerJob(environment: Environment): Job {
  const configured = Object.keys(workerConfig.shape).flatMap((variable): [string, string][] => {
    const value = environment[variable];
    return value === undefined ? [] : [[variable, value]];
  });
  return {
    command: [process.execPath, resolve(ROOT, 'functions', 'task-worker', 'main.ts')],
    env: {
      PATH: process.env['PATH'] ?? '',
      // Otherwise the clients would look for Google's metadata server, which does not exist here.
      METADATA_SERVER_DETECTION: 'none',
      // Otherwise they would ask the gcloud of this machine, which takes a second and knows another project.
      GOOGLE_CLOUD_PROJECT: environment['PROJECT_ID'] ?? '',
      // Each task is a process: compiled once, its code is read from here.
      NODE_COMPILE_CACHE: resolve(ROOT, '.local', 'compile-cache'),
      ...Object.fromEntries(configured),
    },
  };
}
