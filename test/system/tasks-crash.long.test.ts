import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { type RunningSuite, startSuite } from './suite.ts';
import { administratorsBucket, startInstance } from './tasks.ts';

/** A stack for each: the instance that crashes keeps real time, so the stack's clock must not have been moved before. */
let suite: RunningSuite;
beforeEach(async () => {
  suite = await startSuite();
});
afterEach(() => suite.close());

const PATH = '/api/v1/tasks';
const objects = async () => (await administratorsBucket(suite).getFiles())[0].map(({ name }) => name);
const called = (name: string) => suite.stack.recorder.calls()[name] ?? 0;
const delay = (service: string, method: string, delay_ms: number) =>
  suite.stack.recorder.inject({ service, method, delay_ms, times: 1 });

async function crashWhen(key: string, body: string, reached: () => Promise<void>): Promise<void> {
  await using instance = await startInstance(suite);
  const headers = {
    authorization: `Bearer ${suite.tokens['service']}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  const answer = fetch(`${instance.url}${PATH}`, { method: 'POST', headers, body }).then(
    () => 'answered',
    () => 'nothing',
  );
  await reached();
  instance.kill();
  expect(await answer).toBe('nothing');
}

async function afterwards(key: string, payload: object) {
  const create = () => suite.send('POST', PATH, payload, 'service', { 'idempotency-key': key });
  expect(await create()).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
  suite.stack.clock.advance(91);
  const taken = await create();
  expect(taken.status).toBe(201);
  expect((await create()).text).toBe(taken.text);
  return taken.body;
}

test('before the object is there: the key is free after a minute and a half', async () => {
  const [key, body] = [crypto.randomUUID(), { payload: { a: 1 } }];
  delay('kms', 'Encrypt', 3_000);
  await crashWhen(key, JSON.stringify(body), () => vi.waitUntil(() => called('kms.Encrypt') === 1, 50_000).then());
  const { object } = await afterwards(key, body);
  expect(await objects()).toEqual([object]);
});

test('when the object is there: it is removed, and there is one task', async () => {
  const [key, body] = [crypto.randomUUID(), { payload: { a: 1 } }];
  delay('storage', 'insert', 500);
  let first: string[] = [];
  await crashWhen(key, JSON.stringify(body), async () => {
    await vi.waitUntil(() => called('storage.insert') === 1, 50_000);
    delay('firestore', 'BatchGetDocuments', 20_000);
    await vi.waitUntil(async () => (await objects()).length === 1, 50_000);
    first = await objects();
  });
  const { object } = await afterwards(key, body);
  expect(await objects()).toEqual([object]);
  expect(first).not.toContain(object);
});

/** As if the minute and a half had passed: an instance of its own keeps real time. */
async function endLeases(): Promise<void> {
  const { PROJECT_ID = '', FIRESTORE_ENDPOINT } = suite.stack.environment('task-payloads');
  const store = openFirestore({ PROJECT_ID, FIRESTORE_DATABASE: '(default)', FIRESTORE_ENDPOINT });
  const found = await store.query({ collection: 'idempotency', where: [], limit: 10 });
  await store.commit(found.map(({ path }) => ({ op: 'update', path, fields: { lease_until: 0 } })));
  await store.close();
}

test('twice in a row, each time when the object was there: no object is left but that of the third', async () => {
  const [key, body] = [crypto.randomUUID(), { payload: { a: 1 } }];
  const left: string[] = [];
  for (const crash of [1, 2]) {
    suite.stack.recorder.forgetCalls();
    delay('storage', 'insert', 500);
    await crashWhen(key, JSON.stringify(body), async () => {
      await vi.waitUntil(() => called('storage.insert') === 1, 50_000);
      delay('firestore', 'BatchGetDocuments', 20_000);
      // The second has not removed the first's: it crashes before it comes to that, or after.
      await vi.waitUntil(async () => (await objects()).some((name) => !left.includes(name)), 50_000);
      left.push(...(await objects()));
    });
    suite.stack.recorder.forgetFaults();
    expect(new Set(left).size).toBe(crash);
    await endLeases();
  }
  const third = await suite.send('POST', PATH, body, 'service', { 'idempotency-key': key });
  expect(third.status).toBe(201);
  expect(await objects()).toEqual([third.body.object]);
  expect(left).not.toContain(third.body.object);
});

test('twice in a row, the second before it has cleared away: neither object is left', async () => {
  const [key, body] = [crypto.randomUUID(), { payload: { a: 1 } }];
  delay('storage', 'insert', 500);
  await crashWhen(key, JSON.stringify(body), async () => {
    await vi.waitUntil(() => called('storage.insert') === 1, 50_000);
    delay('firestore', 'BatchGetDocuments', 20_000);
    await vi.waitUntil(async () => (await objects()).length === 1, 50_000);
  });
  suite.stack.recorder.forgetFaults();
  await endLeases();
  delay('storage', 'delete', 5_000);
  const deletions = called('storage.delete');
  await crashWhen(key, JSON.stringify(body), () =>
    vi.waitUntil(() => called('storage.delete') > deletions, 50_000).then(),
  );
  suite.stack.recorder.forgetFaults();
  await endLeases();
  const third = await suite.send('POST', PATH, body, 'service', { 'idempotency-key': key });
  expect(third.status).toBe(201);
  expect(await objects()).toEqual([third.body.object]);
});

test('when the job was asked for: no second one, ever', async () => {
  const [key, body] = [crypto.randomUUID(), { payload: { a: 1 }, run: true }];
  delay('run', 'RunJob', 20_000);
  await crashWhen(key, JSON.stringify(body), () => vi.waitUntil(() => called('run.RunJob') === 1, 50_000).then());
  const again = await suite.send('POST', PATH, body, 'service', { 'idempotency-key': key });
  expect(again).toMatchObject({ status: 201, body: { execution: 'unknown' } });
  expect(called('run.RunJob')).toBe(1);
});
