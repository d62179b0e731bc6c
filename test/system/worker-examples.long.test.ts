import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import * as z from 'zod';
import type { withPayload as declared } from '#functions/task-worker/package/index.js';
import type { withPayload } from '#functions/task-worker/package/main.ts';
import { workerJob } from '#local/run/worker-job.ts';
import { taskObject } from '#shared/model/task.ts';
import { buildWorkerPackage, WORKER_PACKAGE } from '../../scripts/build/worker-package.ts';
import { has } from '../programs.ts';
import { useSuite } from './suite.ts';
import { administratorsBucket, shell, startWorker } from './tasks.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const EXAMPLES = join(ROOT, 'examples');
const suite = useSuite();

async function seal(payload: object): Promise<string> {
  const { status, body } = await suite.post('/api/v1/tasks', { payload }, 'service');
  expect(status).toBe(201);
  return body.task_id;
}
const rests = async (taskId: string) => (await administratorsBucket(suite).file(taskObject(taskId)).exists())[0];

const GOOD = { repository: 'https://git.example/app.git', deploy_key: 'sk-canary' };
const BAD = { deploy_key: 'sk-canary' };

/** The command that the image of an example sets, with its program where the example has it. */
async function commandOf(example: string): Promise<string[]> {
  const dockerfile = await readFile(join(EXAMPLES, example, 'Dockerfile'), 'utf8');
  const [, text = ''] = /^ENV WORKER_COMMAND='(.*)'$/m.exec(dockerfile) ?? [];
  expect(dockerfile).toMatch(/^FROM \$\{WORKER\}$/m);
  const command = z.array(z.string()).parse(JSON.parse(text));
  return command.map((part) => part.replace(/^\/app\//, `${join(EXAMPLES, example)}/`));
}

describe.each([
  ['worker-python', 'python3'],
  ['worker-node', 'node'],
])('the example %s', (example, program) => {
  test.skipIf(!has(program))(`opens a sealed payload, and ${program} decides what becomes of it`, async () => {
    const command = await commandOf(example);
    const [good, bad] = [await seal(GOOD), await seal(BAD)];
    const done = startWorker(suite, good, command);
    expect(await done.ended).toBe(0);
    expect(done.output()).toContain(`task ${good}: deploy_key, repository\n`);
    expect([done.output().includes('sk-canary'), await rests(good)]).toEqual([false, false]);
    expect(await startWorker(suite, bad, command).ended).toBe(3);
    expect(await rests(bad)).toBe(true);
  });
});

describe('the example worker-typescript', () => {
  let folder: string;
  beforeAll(async () => {
    // Below the project, so that the native module is found as it is in the image.
    await mkdir(join(ROOT, '.local'), { recursive: true });
    folder = await mkdtemp(join(ROOT, '.local', 'worker-'));
    await buildWorkerPackage(join(folder, WORKER_PACKAGE));
    await cp(join(EXAMPLES, 'worker-typescript', 'task.ts'), join(folder, 'task.ts'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('opens a sealed payload itself, with the package', async () => {
    const [good, bad] = [await seal(GOOD), await seal(BAD)];
    const run = async (taskId: string) => {
      const { env } = workerJob(suite.stack.environment('task-worker'));
      const child = spawn(process.execPath, ['task.ts'], { cwd: folder, env: { ...env, TASK_ID: taskId } });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
        });
      await once(child, 'close');
      return { status: child.exitCode, output };
    };
    expect(await run(good)).toEqual({ status: 0, output: `task ${good}: deploy_key, repository\n` });
    expect(await rests(good)).toBe(false);
    const failed = await run(bad);
    expect([failed.status, await rests(bad)]).toEqual([1, true]);
    expect(failed.output).toContain('the payload names no repository');
    expect(failed.output).not.toContain('sk-canary');
  });

  test('has the types that are declared', () => {
    expectTypeOf<typeof declared>().toEqualTypeOf<typeof withPayload>();
  });
});

test('without a command the worker says so, opens nothing, and keeps the payload: 78', async () => {
  const taskId = await seal(GOOD);
  suite.stack.recorder.forgetCalls();
  const worker = startWorker(suite, taskId, shell('true'), { WORKER_COMMAND: '' });
  expect(await worker.ended).toBe(78);
  expect(worker.output()).toContain('WORKER_COMMAND');
  expect(suite.stack.recorder.calls()).toEqual({});
  expect(await rests(taskId)).toBe(true);
});
