import { createHash, randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withTaskPayload } from '#functions/task-worker/with-task-payload.ts';
import { workerJob } from '#local/run/worker-job.ts';
import { taskObject } from '#shared/model/task.ts';
import { scratch, useSuite } from './suite.ts';
import { administratorsBucket, shell, startWorker } from './tasks.ts';

const suite = useSuite();
let directory: string;
beforeAll(async () => {
  directory = await scratch();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function seal(payload: object = { a: 1 }): Promise<string> {
  const { status, body } = await suite.post('/api/v1/tasks', { payload }, 'service');
  expect(status).toBe(201);
  return body.task_id;
}
const rests = async (taskId: string) => (await administratorsBucket(suite).file(taskObject(taskId)).exists())[0];
const called = (name: string) => suite.stack.recorder.calls()[name] ?? 0;
const runWith = (taskId: string, command: string[], env = {}) => startWorker(suite, taskId, command, env).ended;
/** A retry belongs to the execution of the try before it. */
const SAME = { CLOUD_RUN_EXECUTION: 'task-worker-x7k2p' };
const fault = (service: string, method: string, rest: object) =>
  suite.stack.recorder.inject({ service, method, ...rest });

describe('the command', () => {
  test('gets the payload, all ten mebibytes of it, on standard input', async () => {
    const payload = { key: randomBytes(5 * 1024 * 1024 - 100).toString('hex') };
    const taskId = await seal(payload);
    const worker = startWorker(suite, taskId, shell('sha256sum'));
    expect(await worker.ended).toBe(0);
    expect(worker.output()).toContain(createHash('sha256').update(JSON.stringify(payload)).digest('hex'));
    expect(await rests(taskId)).toBe(false);
  });

  test('may leave it unread', async () => {
    const taskId = await seal({ key: 'x'.repeat(1024 * 1024) });
    expect(await runWith(taskId, ['true'])).toBe(0);
    expect(await rests(taskId)).toBe(false);
  });

  test('sees what the job was given and the task, and nothing of the worker', async () => {
    const taskId = await seal();
    const worker = startWorker(suite, taskId, shell('tr "\\0" "\\n" < /proc/$$/environ'), { COLOUR: 'green' });
    expect(await worker.ended).toBe(0);
    const names = [...worker.output().matchAll(/^(\w+)=/gm)].map(([, name]) => name).sort();
    expect(names).toEqual(['COLOUR', 'GOOGLE_CLOUD_PROJECT', 'METADATA_SERVER_DETECTION', 'PATH', 'TASK_ID']);
  });

  test.skipIf(process.platform !== 'linux')('cannot dump core', async () => {
    const worker = startWorker(suite, await seal(), shell('ulimit -c; ulimit -H -c'));
    expect(await worker.ended).toBe(0);
    expect(worker.output()).toMatch(/^0\n0$/m);
  });

  test.each([
    ['its status', shell('exit 7'), 7],
    ['128 + n after signal n', shell('kill -USR1 $$'), 138],
    ['127 for a program that is not there', ['/nonexistent/program'], 127],
    ['126 for one that is none', ['/etc/passwd'], 126],
  ])('fails: the worker answers %s, and the payload stays for the next try', async (_, command, status) => {
    const taskId = await seal();
    expect(await runWith(taskId, command)).toBe(status);
    expect(await rests(taskId)).toBe(true);
    expect(await runWith(taskId, shell('exit 0'))).toBe(0);
    expect(await rests(taskId)).toBe(false);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('is passed %s and may end in its own way', async (signal) => {
    const taskId = await seal();
    const trap = `trap 'echo caught; exit 9' ${signal.slice(3)}; echo ready; while :; do sleep 0.02; done`;
    const worker = startWorker(suite, taskId, shell(trap));
    await vi.waitUntil(() => worker.output().includes('ready'), 50_000);
    worker.child.kill(signal);
    expect(await worker.ended).toBe(9);
    expect(worker.output()).toContain('caught');
    expect(await rests(taskId)).toBe(true);
  });

  test('is not begun after a signal', async () => {
    const taskId = await seal();
    suite.stack.recorder.forgetCalls();
    fault('kms', 'Decrypt', { delay_ms: 500 });
    const worker = startWorker(suite, taskId, shell('echo begun'));
    await vi.waitUntil(() => called('kms.Decrypt') === 1, 50_000);
    worker.child.kill('SIGTERM');
    expect(await worker.ended).toBe(143);
    expect(worker.output()).not.toContain('begun');
    expect(await rests(taskId)).toBe(true);
  });

  test('is ended at the deadline with all that it started: 124', async () => {
    const taskId = await seal();
    const worker = startWorker(suite, taskId, shell('sleep 60 & wait'), { WORKER_DEADLINE_SECONDS: '1' });
    expect(await worker.ended).toBe(124);
    expect(await rests(taskId)).toBe(true);
  });
});

describe('what cannot be opened', () => {
  test("another task's object under this one's name: 65", async () => {
    const [mine, other] = [await seal({ a: 'mine' }), await seal({ a: 'other' })];
    const bucket = administratorsBucket(suite);
    const [bytes] = await bucket.file(taskObject(other)).download();
    await bucket.file(taskObject(mine)).save(bytes, { resumable: false });
    const worker = startWorker(suite, mine, shell('cat'));
    expect(await worker.ended).toBe(65);
    expect(worker.output()).not.toContain('other');
    expect(await rests(mine)).toBe(true);
  });

  test('nothing there: 66', async () => {
    expect(await runWith('00000000-0000-4000-8000-000000000000', ['true'])).toBe(66);
  });

  test('KMS is down: 75, and the payload stays', async () => {
    const taskId = await seal();
    fault('kms', 'Decrypt', { code: 'UNAVAILABLE' });
    expect(await runWith(taskId, ['true'])).toBe(75);
    expect(await rests(taskId)).toBe(true);
  });

  test('damaged answers are asked again', async () => {
    const taskId = await seal();
    fault('kms', 'Decrypt', { code: 'CORRUPT', times: 1 });
    fault('storage', 'media', { code: 'CORRUPT', times: 1 });
    expect(await runWith(taskId, ['true'])).toBe(0);
  });

  test.each([
    ['no task', { TASK_ID: '' }],
    ['a command that is no list', { WORKER_COMMAND: 'rm -rf' }],
    ['heap snapshots', { NODE_OPTIONS: '--heapsnapshot-near-heap-limit=1' }],
    ['reports on error', { NODE_OPTIONS: '--report-on-fatalerror' }],
  ])('a configuration with %s: 78', async (_, env) => {
    const taskId = await seal();
    suite.stack.recorder.forgetCalls();
    expect(await runWith(taskId, ['true'], env)).toBe(78);
    expect(suite.stack.recorder.calls()).toEqual({});
  });
});

describe('shredding', () => {
  test('an answer that was lost does not matter', async () => {
    const taskId = await seal();
    fault('storage', 'delete', { code: 'UNAVAILABLE', lost: true, times: 1 });
    expect(await runWith(taskId, ['true'])).toBe(0);
    expect(await rests(taskId)).toBe(false);
  });

  test.each(['UNAVAILABLE', 'PERMISSION_DENIED'])('that fails for good (%s) is a failure: 75', async (code) => {
    const taskId = await seal();
    fault('storage', 'delete', { code });
    expect(await runWith(taskId, ['true'])).toBe(75);
    expect(await rests(taskId)).toBe(true);
  });
});

describe('killed without warning', () => {
  const marks = async (file: string) => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  const marking = (file: string, rest = '') => shell(`cat > /dev/null; echo done >> "$0"; ${rest}`, file);

  test.each([
    ['storage', 'get'],
    ['storage', 'media'],
    ['kms', 'Decrypt'],
  ])('at %s.%s: nothing was done, and it can be run again', async (service, method) => {
    const [taskId, file] = [await seal(), join(directory, method)];
    suite.stack.recorder.forgetCalls();
    fault(service, method, { delay_ms: 1_000, times: 1 });
    const worker = startWorker(suite, taskId, marking(file), SAME);
    await vi.waitUntil(() => called(`${service}.${method}`) === 1, 50_000);
    worker.child.kill('SIGKILL');
    expect(await worker.ended).toBe('SIGKILL');
    expect([await rests(taskId), await marks(file)]).toEqual([true, []]);
    expect(await runWith(taskId, marking(file), SAME)).toBe(0);
    expect([await rests(taskId), await marks(file)]).toEqual([false, ['done']]);
  });

  test('while the command runs: it can be run again', async () => {
    const [taskId, file] = [await seal(), join(directory, 'command')];
    const worker = startWorker(suite, taskId, marking(file, 'echo running; exec sleep 1'), SAME);
    await vi.waitUntil(() => worker.output().includes('running'), 50_000);
    worker.child.kill('SIGKILL');
    expect(await worker.ended).toBe('SIGKILL');
    expect([await rests(taskId), await marks(file)]).toEqual([true, ['done']]);
    expect(await runWith(taskId, marking(file), SAME)).toBe(0);
    expect([await rests(taskId), await marks(file)]).toEqual([false, ['done', 'done']]);
  });

  test('before Storage has deleted: it was done, and can be run again', async () => {
    const [taskId, file] = [await seal(), join(directory, 'before')];
    suite.stack.recorder.forgetCalls();
    fault('storage', 'delete', { delay_ms: 1_000, code: 'UNAVAILABLE', times: 1 });
    const worker = startWorker(suite, taskId, marking(file), SAME);
    await vi.waitUntil(() => called('storage.delete') === 1, 50_000);
    worker.child.kill('SIGKILL');
    await worker.ended;
    expect([await rests(taskId), await marks(file)]).toEqual([true, ['done']]);
    expect(await runWith(taskId, marking(file), SAME)).toBe(0);
    expect([await rests(taskId), await marks(file)]).toEqual([false, ['done', 'done']]);
  });

  test('after Storage has deleted: it is gone because it was done', async () => {
    const [taskId, file] = [await seal(), join(directory, 'after')];
    fault('storage', 'delete', { code: 'UNAVAILABLE', lost: true, times: 1 });
    fault('storage', 'delete', { delay_ms: 200 });
    suite.stack.recorder.forgetCalls();
    const worker = startWorker(suite, taskId, marking(file), SAME);
    await vi.waitUntil(async () => !(await rests(taskId)), 50_000);
    worker.child.kill('SIGKILL');
    await worker.ended;
    expect([await rests(taskId), await marks(file)]).toEqual([false, ['done']]);
    expect(await runWith(taskId, marking(file), SAME)).toBe(66);
    expect(await marks(file)).toEqual(['done']);
  });
});

describe('two executions of one task', () => {
  const named = (execution: string) => ({ CLOUD_RUN_EXECUTION: execution });
  const holding = shell('echo running; trap "exit 9" TERM; while :; do sleep 0.02; done');

  test('the second is refused while the first runs, and never sees the payload: 75', async () => {
    const taskId = await seal();
    const first = startWorker(suite, taskId, holding, named('one'));
    await vi.waitUntil(() => first.output().includes('running'), 50_000);
    const second = startWorker(suite, taskId, shell('echo second'), named('two'));
    expect(await second.ended).toBe(75);
    expect(second.output()).not.toMatch(/^second$/m);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(9);
    expect(await runWith(taskId, ['true'], named('three'))).toBe(0);
    expect(await rests(taskId)).toBe(false);
  });

  test('four at once: one command runs', async () => {
    const [taskId, file] = [await seal(), join(directory, 'four')];
    const marking = shell('cat > /dev/null; echo done >> "$0"; sleep 1', file);
    const all = Array.from({ length: 4 }, (_, index) => runWith(taskId, marking, named(`of-four-${index}`)));
    const statuses = await Promise.all(all);
    expect(statuses.filter((status) => status === 0)).toHaveLength(1);
    for (const status of statuses) expect([0, 66, 75]).toContain(status);
    expect(await readFile(file, 'utf8')).toBe('done\n');
  });

  test('the first ends its command when another has taken over, and leaves the payload to it: 75', async () => {
    const taskId = await seal();
    const first = startWorker(suite, taskId, holding, named('overtaken'));
    await vi.waitUntil(() => first.output().includes('running'), 50_000);
    const claim_until = new Date(Date.now() + 60_000).toISOString();
    const metadata = { claim_holder: 'other/0', claim_until };
    await administratorsBucket(suite).file(taskObject(taskId)).setMetadata({ metadata });
    expect(await first.ended).toBe(75);
    expect(await rests(taskId)).toBe(true);
    const [{ metadata: kept }] = await administratorsBucket(suite).file(taskObject(taskId)).getMetadata();
    expect(kept).toMatchObject(metadata);
  });

  test('the second takes over when the first was killed', async () => {
    const taskId = await seal();
    const first = startWorker(suite, taskId, shell('echo running; exec sleep 2'), named('killed'));
    await vi.waitUntil(() => first.output().includes('running'), 50_000);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await runWith(taskId, ['true'], named('next'))).toBe(0);
    expect(await rests(taskId)).toBe(false);
  });

  test.each([
    ['its own labels changed under it', { code: 'UNAVAILABLE', lost: true, times: 1 }],
    ['Storage is slow to answer once', { code: 'UNAVAILABLE', times: 1 }],
  ])('a claim holds although %s', async (_, failure) => {
    const taskId = await seal();
    fault('storage', 'patch', failure);
    expect(await runWith(taskId, ['true'], named('lost'))).toBe(0);
  });
});

describe('withTaskPayload', () => {
  const env = () => workerJob(suite.stack.environment('task-worker')).env;

  test('lends the payload, wipes it, and deletes the object', async () => {
    const taskId = await seal({ a: 'b' });
    let lent: Buffer | undefined;
    const text = await withTaskPayload(
      taskId,
      async (payload) => {
        lent = payload;
        expect(await rests(taskId)).toBe(true);
        return payload.toString();
      },
      env(),
    );
    expect(text).toBe('{"a":"b"}');
    expect(lent).toEqual(Buffer.alloc(9));
    expect(await rests(taskId)).toBe(false);
  });

  test('keeps the object when the work throws', async () => {
    const taskId = await seal();
    const failure = new Error('no');
    await expect(withTaskPayload(taskId, () => Promise.reject(failure), env())).rejects.toBe(failure);
    expect(await rests(taskId)).toBe(true);
  });
});
