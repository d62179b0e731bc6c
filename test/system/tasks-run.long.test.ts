import { describe, expect, test, vi } from 'vitest';
import { taskObject } from '#shared/model/task.ts';
import { run as execute, type Reply, useSuite } from './suite.ts';
import { administratorsBucket, executionOf, startInstance, startWorker } from './tasks.ts';

const suite = useSuite();

const TASKS = '/api/v1/tasks';
const DAY_SECONDS = 86_400;
const key = () => crypto.randomUUID();
const get = (id: string) => suite.send('GET', `${TASKS}/${id}`, undefined, 'service');
const run = (id: string, idempotencyKey?: string): Promise<Reply> =>
  suite.send(
    'POST',
    `${TASKS}/${id}/run`,
    undefined,
    'service',
    idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  );
const called = (name: string) => suite.stack.recorder.calls()[name] ?? 0;
const fault = (service: string, method: string, rest: object) =>
  suite.stack.recorder.inject({ service, method, ...rest });
const exists = async (id: string) => (await administratorsBucket(suite).file(taskObject(id)).exists())[0];

async function seal(payload: object = { a: 1 }): Promise<string> {
  const { status, body } = await suite.post(TASKS, { payload }, 'service');
  expect(status).toBe(201);
  suite.stack.recorder.forgetCalls();
  return body.task_id;
}

/** Without warning, as the kernel does when memory runs out. */
async function killWorkers(): Promise<void> {
  const { stdout } = await execute('ps', ['--no-headers', '-o', 'pid=,args=', '--ppid', String(process.pid)]);
  for (const [, pid] of stdout.matchAll(/^\s*(\d+) .*task-worker\/main\.ts/gm)) process.kill(Number(pid), 'SIGKILL');
}

/** A payload that the worker cannot open: its execution fails with 65, and its object stays. */
async function sealUnreadable(): Promise<string> {
  const id = await seal();
  await administratorsBucket(suite).file(taskObject(id)).save('no payload', { resumable: false });
  return id;
}

const untilState = (id: string, state: string) =>
  vi.waitUntil(async () => (await get(id)).body.state === state, { timeout: 50_000, interval: 100 });

describe('one execution', () => {
  test.each([5, 13])('for %i requests at once', async (count) => {
    const id = await seal();
    const replies = await Promise.all(Array.from({ length: count }, () => run(id)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(replies.map(({ body }) => body.execution)).size).toBe(1);
    expect(replies[0]?.body).toEqual({ task_id: id, execution: expect.stringMatching(/\/executions\//) });
    expect(called('run.RunJob')).toBe(1);
  });

  test('for requests one after the other, whatever their keys', async () => {
    const id = await seal();
    fault('storage', 'media', { delay_ms: 2_000, times: 1 }); // the worker is at it meanwhile
    const first = await run(id, key());
    for (const other of [undefined, key(), key()]) expect((await run(id, other)).body).toEqual(first.body);
    expect(called('run.RunJob')).toBe(1);
    await untilState(id, 'succeeded');
  });

  test('for requests to two instances at once', async () => {
    await using other = await startInstance(suite);
    for (let round = 0; round < 3; round += 1) {
      const id = await seal();
      fault('run', 'RunJob', { delay_ms: 300, times: 1 });
      const there = async () => {
        const headers = { authorization: `Bearer ${suite.tokens['service']}` };
        const response = await fetch(`${other.url}${TASKS}/${id}/run`, { method: 'POST', headers });
        expect(response.status).toBe(202);
        return response.json();
      };
      const here = async () => (await run(id)).body;
      const answers = await Promise.all([here(), there(), here(), there(), here()]);
      expect(new Set(answers.map(({ execution }) => execution)).size).toBe(1);
      expect(called('run.RunJob')).toBe(1);
    }
  });

  test('for a task that was created with run: true', async () => {
    const { body } = await suite.post(TASKS, { payload: {}, run: true }, 'service');
    suite.stack.recorder.forgetCalls();
    const again = await run(body.task_id);
    if (again.status === 202) expect(again.body.execution).toBe(body.execution);
    else expect(again).toMatchObject({ status: 409, body: { code: 'task_ended' } });
    expect(called('run.RunJob')).toBe(0);
  });
});

describe('after a failure', () => {
  test('the state tells it, and a new key starts a new execution, an old one or none does not', async () => {
    const id = await sealUnreadable();
    const [one, two] = [key(), key()];
    const first = await run(id, one);
    await untilState(id, 'failed');
    expect((await get(id)).body).toMatchObject({ state: 'failed', exit_code: 65, ended_at: expect.any(String) });
    expect(await exists(id)).toBe(true);

    expect((await run(id, one)).text).toBe(first.text);
    expect((await run(id)).body).toEqual(first.body);
    expect(called('run.RunJob')).toBe(1);

    const second = await run(id, two);
    expect(second.status).toBe(202);
    expect(second.body.execution).not.toBe(first.body.execution);
    expect((await run(id, two)).text).toBe(second.text);
    expect(called('run.RunJob')).toBe(2);
    await untilState(id, 'failed');
  });

  test('of a worker that was killed: 128 + n, and the next one is not kept waiting by its claim for ever', async () => {
    const id = await seal();
    fault('kms', 'Decrypt', { delay_ms: 3_000, times: 1 });
    await run(id, key());
    await vi.waitUntil(() => called('kms.Decrypt') === 1, 50_000);
    await killWorkers();
    await untilState(id, 'failed');
    expect((await get(id)).body).toMatchObject({ state: 'failed', exit_code: 137 });
    expect((await run(id, key())).status).toBe(202);
    await untilState(id, 'succeeded');
    expect(called('run.RunJob')).toBe(2);
  });

  test('the key of one task is not another’s, and not that of a creation', async () => {
    const [id, other, shared] = [await seal(), await seal(), key()];
    expect((await run(id, shared)).status).toBe(202);
    expect(await run(other, shared)).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    const create = await suite.send('POST', TASKS, { payload: {} }, 'service', { 'idempotency-key': shared });
    expect(create).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
  });
});

describe('after success', () => {
  test('409 task_ended, with every key, and the state stays for seven days', async () => {
    const [id, first] = [await seal(), key()];
    const started = await run(id, first);
    await untilState(id, 'succeeded');
    expect(await exists(id)).toBe(false);
    for (const other of [undefined, key()]) {
      expect(await run(id, other)).toMatchObject({ status: 409, body: { code: 'task_ended' } });
    }
    expect((await run(id, first)).text).toBe(started.text);
    const { body } = await get(id);
    expect(body).toMatchObject({ state: 'succeeded', exit_code: 0, task_id: id });
    suite.stack.recorder.forgetCalls();
    suite.stack.clock.advance(7 * DAY_SECONDS - 600);
    expect((await get(id)).body).toEqual(body);
    expect(called('run.GetExecution')).toBe(0); // it is recorded
    suite.stack.clock.advance(1_200);
    expect((await get(id)).status).toBe(404);
  });
});

describe('RunJob', () => {
  test.each(['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'NOT_FOUND'])(
    'refused with %s: 503, the task is as it was, and the same key starts it later',
    async (code) => {
      const [id, same] = [await seal(), key()];
      fault('run', 'RunJob', { code, times: 1 });
      expect(await run(id, same)).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
      expect((await get(id)).body).toMatchObject({ state: 'sealed' });
      expect(await exists(id)).toBe(true);
      expect((await run(id, same)).body.execution).toContain('/executions/');
      expect(called('run.RunJob')).toBe(2);
    },
  );

  test.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL'])(
    '%s after it took effect: the answer says unknown, and the execution is found',
    async (code) => {
      const id = await seal();
      fault('run', 'RunJob', { code, lost: true, times: 1 });
      expect((await run(id, key())).body).toEqual({ task_id: id, execution: 'unknown' });
      expect(called('run.RunJob')).toBe(1);
      await untilState(id, 'succeeded');
      expect(called('run.RunJob')).toBe(1);
    },
  );

  test('UNAVAILABLE without effect: unknown, and not started again before that is certain', async () => {
    const id = await seal();
    fault('run', 'RunJob', { code: 'UNAVAILABLE', times: 1 });
    for (const other of [key(), undefined, key()]) {
      expect(await run(id, other)).toMatchObject({ status: 202, body: { execution: 'unknown' } });
    }
    expect((await get(id)).body.state).toBe('started');
    expect(await exists(id)).toBe(true);
    expect(called('run.RunJob')).toBe(1);
    suite.stack.clock.advance(301);
    expect((await get(id)).body.state).toBe('sealed');
    expect((await run(id)).body.execution).toContain('/executions/');
    expect(called('run.RunJob')).toBe(2);
  });
});

describe('whatever fails on the way', () => {
  const RUNS = [
    ['firestore', 'BatchGetDocuments'],
    ['firestore', 'Commit'],
    ['run', 'RunJob'],
    ['storage', 'list'],
  ] as const;
  const HOW = [
    ['before', { times: 1 }],
    ['after', { times: 1, lost: true }],
    ['twice', { times: 2 }],
    ['late', { times: 1, delay_ms: 400 }],
  ] as const;
  const cases = RUNS.flatMap(([service, method]) => HOW.map(([how, rest]) => [service, method, how, rest] as const));

  test.each(cases)('%s.%s fails %s: one RunJob that may have started something', async (service, method, _, rest) => {
    const [id, same] = [await seal(), key()];
    fault(service, method, { code: 'UNAVAILABLE', ...rest });
    const first = await run(id, same);
    expect([202, 503]).toContain(first.status);
    suite.stack.recorder.forgetFaults();
    const started = called('run.RunJob');
    expect(started).toBeLessThanOrEqual(1);
    const again = await run(id, same);
    if (again.status === 202) expect(called('run.RunJob')).toBe(1);
    else expect(again).toMatchObject({ status: 409, body: { code: 'task_ended' } });
    if (first.status === 202) expect(again.text).toBe(first.text);
  });

  test.each([
    ['GetExecution', { times: 1 }],
    ['GetExecution', { times: 2 }],
    ['ListExecutions', { times: 1 }],
    ['ListTasks', { times: 1 }],
  ])('reading with run.%s is repeated: %j', async (method, rest) => {
    const id = await sealUnreadable();
    fault('run', 'RunJob', { code: 'UNAVAILABLE', lost: true, times: 1 });
    await run(id, key());
    fault('run', method, { code: 'UNAVAILABLE', ...rest });
    await untilState(id, 'failed');
    expect((await get(id)).body.exit_code).toBe(65);
  });

  test('an execution that cannot be read is a 503, and no wrong state', async () => {
    const id = await seal();
    await run(id, key());
    fault('run', 'GetExecution', { code: 'UNAVAILABLE' });
    expect(await get(id)).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    suite.stack.recorder.forgetFaults();
    await untilState(id, 'succeeded');
  });
});

test('an execution beside ours is refused by the worker, and ours succeeds', async () => {
  const id = await seal();
  fault('storage', 'media', { delay_ms: 9_000, times: 1 });
  const { body } = await run(id);
  await vi.waitUntil(() => called('storage.patch') >= 1, 50_000);
  const beside = startWorker(suite, id, ['true'], { CLOUD_RUN_EXECUTION: 'by-hand' });
  expect([66, 75]).toContain(await beside.ended);
  await untilState(id, 'succeeded');
  expect(await executionOf(suite, body.execution)).toMatchObject({ succeededCount: 1 });
});

test('a deleted task is gone, whatever has become of its job', async () => {
  const id = await seal();
  expect((await suite.send('DELETE', `${TASKS}/${id}`, undefined, 'service')).status).toBe(204);
  expect((await run(id)).status).toBe(404);
  expect((await get(id)).status).toBe(404);
  expect((await suite.send('DELETE', `${TASKS}/${id}`, undefined, 'service')).status).toBe(204);
});
