import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const terms = (label: string) => ({ tenant_id: 'demo', tier: 'trial', max_seats: 1, expires_at: null, label });
const post = (path: string, body: object, key: string, token = 'staff') =>
  suite.send('POST', path, body, token, { 'idempotency-key': key });
const labelled = async (label: string) => {
  const { body } = await suite.send('GET', `${LICENSES}?limit=100&tenant_id=demo`, undefined, 'staff');
  return body.filter((one: { label: string }) => one.label === label);
};

test('a licence is created once, and its key shown again', async () => {
  const key = randomUUID();
  const first = await post(LICENSES, terms('once'), key);
  expect(first.status).toBe(201);
  const again = await post(LICENSES, terms('once'), key);
  expect([again.status, again.text]).toEqual([201, first.text]);
  expect(await labelled('once')).toHaveLength(1);
  const acquire = { license_key: again.body.license_key, hardware_id: 'm' };
  expect((await suite.post(`${LICENSES}/acquire`, acquire)).status).toBe(201);
});

test('after an answer that was lost on the way from the store, too', async () => {
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
  const key = randomUUID();
  const [first, again] = [await post(LICENSES, terms('lost'), key), await post(LICENSES, terms('lost'), key)];
  expect([again.status, again.text]).toEqual([201, first.text]);
  expect(await labelled('lost')).toHaveLength(1);
});

test('when many ask at once', async () => {
  const key = randomUUID();
  const replies = await Promise.all(Array.from({ length: 8 }, () => post(LICENSES, terms('crowd'), key)));
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(await labelled('crowd')).toHaveLength(1);
});

test('another body, route or caller is another request', async () => {
  const key = randomUUID();
  const { license_id } = (await post(LICENSES, terms('first'), key)).body;
  const conflict = { status: 409, body: { code: 'idempotency_conflict' } };
  expect(await post(LICENSES, terms('second'), key)).toMatchObject(conflict);
  expect(await post(`${LICENSES}/${license_id}/keys`, { grace_seconds: 0 }, key)).toMatchObject(conflict);
  const other = await post(LICENSES, terms('first'), key, 'service');
  expect(other.status).toBe(201);
  expect(other.body.license_id).not.toBe(license_id);
});

test('tenants and keys are created once as well', async () => {
  const tenantKey = randomUUID();
  const tenant = () => post('/api/v1/tenants', { name: 'Once', tier: 'trial' }, tenantKey);
  const [a, b] = [await tenant(), await tenant()];
  expect([b.status, b.text]).toEqual([201, a.text]);
  const { license_id } = await suite.license(1);
  const keyKey = randomUUID();
  const rotate = () => post(`${LICENSES}/${license_id}/keys`, { grace_seconds: 0 }, keyKey, 'owner');
  const [c, d] = [await rotate(), await rotate()];
  expect([d.status, d.text]).toEqual([201, c.text]);
  const { body } = await suite.send('GET', `/api/v1/audit?license_id=${license_id}`, undefined, 'staff');
  expect(body.filter(({ action }: { action: string }) => action === 'license.create_key')).toHaveLength(1);
});

test('a request that was refused leaves the key free', async () => {
  const key = randomUUID();
  expect((await post(LICENSES, { ...terms('late'), tenant_id: 'nobody' }, key)).status).toBe(404);
  expect((await post(LICENSES, terms('late'), key)).status).toBe(201);
});

test('a day later the key is free', async () => {
  const key = randomUUID();
  const first = (await post(LICENSES, terms('day'), key)).body.license_id;
  suite.stack.clock.advance(86_401);
  const second = await post(LICENSES, terms('another day'), key);
  expect(second.status).toBe(201);
  expect(second.body.license_id).not.toBe(first);
});

test('keys that can be guessed are refused', async () => {
  for (const key of ['a'.repeat(15), 'a'.repeat(256), `${randomUUID()} `.repeat(2).trim()]) {
    expect(await post(LICENSES, terms('short'), key)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  }
});

test('it costs a read an attempt and no commit, and the store holds no licence key', async () => {
  const { recorder, project, firestore } = suite.stack;
  const counted = async (act: () => Promise<unknown>) => {
    recorder.forgetCalls();
    await act();
    return recorder.calls();
  };
  const plain = await counted(() => suite.post(LICENSES, terms('plain'), 'staff'));
  const key = randomUUID();
  const once = await counted(() => post(LICENSES, terms('counted'), key));
  expect(once['firestore.Commit']).toBe(plain['firestore.Commit']);
  expect(once['firestore.BatchGetDocuments']).toBe((plain['firestore.BatchGetDocuments'] ?? 0) + 1);
  const again = await counted(() => post(LICENSES, terms('counted'), key));
  expect(again['firestore.Commit']).toBeUndefined();
  const { license_key } = (await post(LICENSES, terms('counted'), key)).body;
  const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
  const where = { orderBy: [['__name__', 'asc']] as const, where: [], limit: 1000 };
  for (const collection of ['idempotency', 'licenses', 'audit']) {
    const text = JSON.stringify(await store.query({ collection, ...where }));
    expect(text).toContain(collection);
    expect(text).not.toContain(license_key);
  }
  await store.close();
});
