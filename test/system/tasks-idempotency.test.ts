import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Reply, tally, useSuite } from './suite.ts';
import { administratorsBucket } from './tasks.ts';

const suite = useSuite();

const PATH = '/api/v1/tasks';
const PAYLOAD = { payload: { key: 'sk-1' } };
const create = (key: string, body: object = PAYLOAD): Promise<Reply> =>
  suite.send('POST', PATH, body, 'service', { 'idempotency-key': key });
const objects = async () => (await administratorsBucket(suite).getFiles())[0].map(({ name }) => name);
const called = (name: string) => suite.stack.recorder.calls()[name] ?? 0;
const fault = (service: string, method: string, rest: object) =>
  suite.stack.recorder.inject({ service, method, ...rest });

beforeEach(async () => {
  await administratorsBucket(suite).deleteFiles();
  suite.stack.recorder.forgetCalls();
});

describe('the same key', () => {
  test('and body: the same answer, and one task', async () => {
    const key = crypto.randomUUID();
    const first = await create(key);
    const again = await create(key, { run: false, payload: { key: 'sk-1' } });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect(await objects()).toEqual([first.body.object]);
    expect(called('kms.Encrypt')).toBe(1);
  });

  test.each([{ payload: { key: 'sk-2' } }, { ...PAYLOAD, run: true }])('and another body, %j: 409', async (other) => {
    const key = crypto.randomUUID();
    const first = await create(key);
    expect(await create(key, other)).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    expect(await objects()).toEqual([first.body.object]);
    expect(called('run.RunJob')).toBe(0);
  });

  test('after 24 hours: another task', async () => {
    const key = crypto.randomUUID();
    const first = await create(key);
    suite.stack.clock.advance(86_000); // a margin for the real time that passes as well
    expect((await create(key)).text).toBe(first.text);
    suite.stack.clock.advance(401);
    const later = await create(key, { payload: {} });
    expect(later.status).toBe(201);
    expect(later.body.task_id).not.toBe(first.body.task_id);
  });

  test('twenty times at once: one task, the others wait or get its answer', async () => {
    const key = crypto.randomUUID();
    const replies = await Promise.all(Array.from({ length: 20 }, () => create(key)));
    const { 201: created = 0, 409: waiting = 0 } = tally(replies);
    expect(created + waiting).toBe(20);
    expect(created).toBeGreaterThanOrEqual(1);
    const answers = new Set(replies.filter(({ status }) => status === 201).map(({ text }) => text));
    expect(answers.size).toBe(1);
    for (const { status, body, headers } of replies) {
      if (status === 409) expect([body.code, headers.get('retry-after')]).toEqual(['idempotency_in_progress', '2']);
    }
    expect(await objects()).toHaveLength(1);
    expect((await create(key)).text).toBe([...answers][0]);
  });

  test('with a job: one job, and the answer names it', async () => {
    const key = crypto.randomUUID();
    const body = { ...PAYLOAD, run: true };
    const first = await create(key, body);
    expect(first.body.execution).toContain('/executions/');
    expect((await create(key, body)).text).toBe(first.text);
    expect(called('run.RunJob')).toBe(1);
    await vi.waitUntil(async () => (await objects()).length === 0, 50_000);
    expect((await create(key, body)).text).toBe(first.text);
  });
});

test.each(['', 'with space', 'ä', 'x'.repeat(256)])('a key that is none, %j: 400', async (key) => {
  const refused = await create(key);
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } });
});

describe('after a failure', () => {
  test('the key is free at once', async () => {
    const key = crypto.randomUUID();
    fault('kms', 'Encrypt', { code: 'UNAVAILABLE' });
    expect((await create(key)).status).toBe(503);
    suite.stack.recorder.forgetFaults();
    expect((await create(key)).status).toBe(201);
    expect(await objects()).toHaveLength(1);
  });

  test('of the start, for certain: the key is free and a retry starts one job', async () => {
    const key = crypto.randomUUID();
    const body = { ...PAYLOAD, run: true };
    fault('run', 'RunJob', { code: 'PERMISSION_DENIED', times: 1 });
    expect((await create(key, body)).status).toBe(503);
    expect(await objects()).toEqual([]);
    expect((await create(key, body)).body.execution).toContain('/executions/');
  });

  test('of the start, unknown: a retry gets the same answer and starts nothing', async () => {
    const key = crypto.randomUUID();
    const body = { ...PAYLOAD, run: true };
    fault('run', 'RunJob', { code: 'UNAVAILABLE' });
    const first = await create(key, body);
    expect(first.body.execution).toBe('unknown');
    suite.stack.recorder.forgetFaults();
    expect((await create(key, body)).text).toBe(first.text);
    expect(called('run.RunJob')).toBe(1);
  });

  test.each([1, 2, 3])('to hear of the first %i commits: one task in the end', async (times) => {
    const key = crypto.randomUUID();
    fault('firestore', 'Commit', { code: 'UNAVAILABLE', lost: true, times });
    const first = await create(key);
    expect(first.status).toBe(201);
    expect((await create(key)).text).toBe(first.text);
    expect(await objects()).toEqual([first.body.object]);
  });
});
