import { once } from 'node:events';
import { request } from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { taskObject } from '#shared/model/task.ts';
import { useSuite } from './suite.ts';
import { administratorsBucket, executionOf } from './tasks.ts';

const suite = useSuite();

const TASKS = '/api/v1/tasks';
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';
const create = (body: unknown, headers: Record<string, string> = {}) =>
  suite.send('POST', TASKS, body, 'service', headers);
const at = (method: string, id: string, token = 'service') => suite.send(method, `${TASKS}/${id}`, undefined, token);
const objects = async () => (await administratorsBucket(suite).getFiles())[0].map(({ name }) => name);
const fault = (service: string, method: string, code: string, rest = {}) =>
  suite.stack.recorder.inject({ service, method, code, ...rest });

describe('sealing', () => {
  test('stores one object and tells what the object is, never what is in it', async () => {
    const sealed = await create({ payload: { key: 'sk-1' } });
    expect(sealed.status).toBe(201);
    const { task_id, ...rest } = sealed.body;
    expect(rest).toEqual({
      object: `encrypted-payloads/${task_id}.bin`,
      key_version: `${suite.stack.project.payloadKey}/cryptoKeyVersions/1`,
      size: expect.any(Number),
      sealed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const [bytes] = await administratorsBucket(suite).file(rest.object).download();
    expect(bytes.length).toBe(rest.size);
    expect(bytes.includes('sk-1')).toBe(false);
    const { size, sealed_at, key_version } = rest;
    expect(await at('GET', task_id)).toMatchObject({
      status: 200,
      body: { task_id, size, sealed_at, key_version, state: 'sealed' },
    });
  });

  test('asks KMS once, and Storage for nothing but to create', async () => {
    suite.stack.recorder.forgetCalls();
    await create({ payload: {} });
    const calls = Object.entries(suite.stack.recorder.calls()).filter(([name]) => !name.startsWith('firestore.'));
    expect(calls).toEqual([
      ['kms.Encrypt', 1],
      ['storage.insert', 1],
    ]);
  });

  test('every payload has a key of its own', async () => {
    const [one, other] = [await create({ payload: { a: 1 } }), await create({ payload: { a: 1 } })];
    const [a, b] = await Promise.all(
      [one, other].map(({ body }) => administratorsBucket(suite).file(body.object).download()),
    );
    expect(a).not.toEqual(b);
  });

  test.each([
    ['no payload', {}, ['payload']],
    ['a payload that is no object', { payload: 'text' }, ['payload']],
    ['another member', { payload: {}, command: 'ls' }, ['command']],
    ['a number that was rounded', '{"payload": {"a": [1, 9007199254740993]}}', ['payload.a.1']],
  ])('refuses %s', async (_, body, paths) => {
    const refused = await create(body);
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(refused.body.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
  });

  test.each([
    ['user', 'owner', 403],
    ['scheduler', 'scheduler', 403],
    ['foreign service', 'foreign_service', 403],
  ])('is not for a %s', async (_, token, status) => {
    expect(await suite.send('POST', TASKS, { payload: {} }, token)).toMatchObject({ status });
  });
});

describe('a body of', () => {
  const LIMIT = 10 * 1024 * 1024;
  const bodyOf = (bytes: number) => {
    const frame = '{"payload":{"key":""}}';
    return frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
  };

  test('10 MiB is sealed', async () => {
    const body = bodyOf(LIMIT);
    const { status, body: sealed } = await create(body);
    expect(status).toBe(201);
    expect(sealed.size).toBeGreaterThan(LIMIT - 100);
  });

  test.each([
    ['10 MiB + 1', LIMIT + 1],
    ['11 MiB', 11 * 1024 * 1024],
  ])('%s is refused', async (_, bytes) => {
    suite.stack.recorder.forgetCalls();
    expect(await create(bodyOf(bytes))).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    expect(suite.stack.recorder.calls()).toEqual({});
  });

  test.each([
    ['by its declared length, before it comes', { 'content-length': String(11 * 1024 * 1024) }, 1],
    ['as soon as it is too large, before its end', { 'transfer-encoding': 'chunked' }, LIMIT + 1],
  ])('11 MiB is refused %s', async (_, framing, sent) => {
    const upload = request(`${suite.stack.gateway}${TASKS}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.tokens['service']}`, 'content-type': 'application/json', ...framing },
    });
    upload.on('error', () => undefined); // what we go on to send nobody need read
    upload.write(Buffer.alloc(sent, ' '));
    const [response] = await once(upload, 'response');
    upload.destroy();
    expect(response.statusCode).toBe(413);
  });
});

describe('the owner', () => {
  test('deletes, and may repeat it; then there is nothing', async () => {
    const { task_id, object } = (await create({ payload: {} })).body;
    expect((await at('DELETE', task_id)).status).toBe(204);
    expect(await objects()).not.toContain(object);
    expect(await at('GET', task_id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect((await at('DELETE', task_id)).status).toBe(204);
    expect((await suite.send('POST', `${TASKS}/${task_id}/run`, undefined, 'service')).status).toBe(404);
  });

  test.each([UNKNOWN_ID, 'nonsense', '..%2F..%2Fsecrets', UNKNOWN_ID.toUpperCase()])(
    'finds nothing at %s',
    async (id) => {
      expect(await at('GET', id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect(await at('DELETE', id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    },
  );
});

describe('run: true', () => {
  test('starts the worker, which opens the payload and shreds the object', async () => {
    const { status, body } = await create({ payload: { a: 1 }, run: true });
    expect(status).toBe(201);
    expect(body.execution).toMatch(new RegExp(`^${suite.stack.project.workerJob}/executions/task-worker-[0-9a-f]{6}$`));
    await vi.waitUntil(async () => (await executionOf(suite, body.execution)).runningCount === 0, 50_000);
    expect(await executionOf(suite, body.execution)).toMatchObject({ succeededCount: 1, failedCount: 0 });
    expect(suite.log).toContain(`task ${body.task_id}: a payload of 7 bytes arrived`);
    expect(await objects()).not.toContain(body.object);
    const { ended_at, ...rest } = (await at('GET', body.task_id)).body;
    expect(rest).toMatchObject({ task_id: body.task_id, size: body.size, state: 'succeeded', exit_code: 0 });
    expect(Date.parse(ended_at)).toBeGreaterThan(Date.parse(body.sealed_at));
    expect((await at('DELETE', body.task_id)).status).toBe(204);
    expect((await at('GET', body.task_id)).status).toBe(404);
    expect(suite.stack.recorder.calls()).toMatchObject({ 'kms.Decrypt': 1, 'storage.media': 1 });
  });

  test.each(['PERMISSION_DENIED', 'NOT_FOUND', 'RESOURCE_EXHAUSTED', 'INVALID_ARGUMENT'])(
    '%s is certain: 503, no object and no job are left',
    async (code) => {
      const before = await objects();
      fault('run', 'RunJob', code);
      const refused = await create({ payload: {}, run: true });
      expect(refused).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
      expect(refused.headers.get('retry-after')).toBe('5');
      expect(await objects()).toEqual(before);
    },
  );

  test.each([
    ['UNAVAILABLE', false],
    ['INTERNAL', false],
    ['DEADLINE_EXCEEDED', false],
  ])('%s leaves open whether it runs: the object stays and the answer says so', async (code, lost) => {
    suite.stack.recorder.forgetCalls();
    fault('run', 'RunJob', code, { lost });
    const { status, body } = await create({ payload: {}, run: true });
    expect(status).toBe(201);
    expect(body.execution).toBe('unknown');
    expect(await objects()).toContain(body.object);
    expect(await at('GET', body.task_id)).toMatchObject({ status: 200, body: { state: 'started' } });
    expect(suite.stack.recorder.calls()['run.RunJob']).toBe(1);
  });

  test('an answer that is lost: the job runs all the same', async () => {
    fault('run', 'RunJob', 'UNAVAILABLE', { lost: true });
    const { body } = await create({ payload: {}, run: true });
    expect(body.execution).toBe('unknown');
    await vi.waitUntil(async () => (await at('GET', body.task_id)).body.state === 'succeeded', 50_000);
  });

  test('later, on its own', async () => {
    const { task_id } = (await create({ payload: {} })).body;
    fault('run', 'RunJob', 'PERMISSION_DENIED', { times: 1 });
    const run = () => suite.send('POST', `${TASKS}/${task_id}/run`, undefined, 'service');
    expect(await run()).toMatchObject({ status: 503 });
    expect((await at('GET', task_id)).body.state).toBe('sealed');
    expect(await run()).toMatchObject({
      status: 202,
      body: { task_id, execution: expect.stringMatching(/executions/) },
    });
    await vi.waitUntil(async () => (await at('GET', task_id)).body.state === 'succeeded', 50_000);
    expect(await run()).toMatchObject({ status: 409, body: { code: 'task_ended' } });
  });
});

describe('when a service fails', () => {
  test('a create whose answer was lost is ours', async () => {
    fault('storage', 'insert', 'UNAVAILABLE', { lost: true, times: 1 });
    const { status, body } = await create({ payload: {} });
    expect(status).toBe(201);
    expect((await at('GET', body.task_id)).status).toBe(200);
  });

  test('bytes that were damaged on their way to Storage are sent again', async () => {
    fault('storage', 'insert', 'CORRUPT', { times: 1 });
    suite.stack.recorder.forgetCalls();
    expect((await create({ payload: { a: 1 } })).status).toBe(201);
    expect(suite.stack.recorder.calls()['storage.insert']).toBe(2);
  });

  test('a damaged answer of KMS is asked again', async () => {
    suite.stack.recorder.forgetCalls();
    fault('kms', 'Encrypt', 'CORRUPT', { times: 1 });
    expect((await create({ payload: {} })).status).toBe(201);
    expect(suite.stack.recorder.calls()['kms.Encrypt']).toBe(2);
  });

  test.each([
    ['kms', 'Encrypt'],
    ['storage', 'insert'],
    ['firestore', 'Commit'],
  ])('%s for good: 503, and nothing is left', async (service, method) => {
    const before = await objects();
    fault(service, method, 'UNAVAILABLE');
    expect(await create({ payload: {} })).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
    expect(await objects()).toEqual(before);
  });
});

test('names of objects are those of the format', () => {
  expect(taskObject(UNKNOWN_ID)).toBe(`encrypted-payloads/${UNKNOWN_ID}.bin`);
});
