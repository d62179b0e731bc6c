import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { hashLicenseKey, newKeyId, newLicenseKey } from '#shared/model/license-key.ts';
import { handleOf } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import { type Reply, tally, useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const acquire = (license_key: string, hardware_id: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id });
const beat = (session_id: string) => suite.post(`${LICENSES}/heartbeat`, { session_id });
const keys = (license_id: string, query = '', token = 'owner') =>
  suite.send('GET', `${LICENSES}/${license_id}/keys${query}`, undefined, token);
const makeKey = (license_id: string, body: object, idempotencyKey?: string) =>
  suite.send('POST', `${LICENSES}/${license_id}/keys`, body, 'owner', {
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  });
const endKey = (license_id: string, key: string, query = '') =>
  suite.send('DELETE', `${LICENSES}/${license_id}/keys/${key}${query}`, undefined, 'owner');
const reap = () => suite.post('/internal/sessions/reap', undefined, 'scheduler');
const ids = ({ body }: Reply): string[] => body.map(({ key }: { key: string }) => key);
const today = () => new Date(suite.stack.clock.now()).toISOString().slice(0, 10);

describe('the keys of a licence', () => {
  test('are listed with label, end and the day of their last use, and never shown', async () => {
    const { license_id, license_key } = await suite.license(2);
    expect((await keys(license_id)).body).toEqual([
      {
        key: expect.stringMatching(/^key_/),
        user_email: null,
        label: null,
        priority: 5,
        created_at: expect.any(String),
        until: null,
        last_used_day: null,
      },
    ]);
    const made = await makeKey(license_id, { label: 'CI', keep: true });
    expect(made).toMatchObject({ status: 201, body: { license_id, label: 'CI', until: null, old_keys_until: null } });
    expect((await acquire(made.body.license_key, 'm')).status).toBe(201);
    const listed = await keys(license_id);
    expect(listed.body).toHaveLength(2);
    expect(listed.body).toContainEqual({
      key: made.body.key,
      label: 'CI',
      priority: 5,
      user_email: null,
      created_at: made.body.created_at,
      until: null,
      last_used_day: today(),
    });
    for (const secret of [license_key, made.body.license_key]) expect(listed.text).not.toContain(secret);
    expect(listed.text).not.toMatch(/[0-9a-f]{64}/);
  });

  test('go page by page, in the order of their ids', async () => {
    const { license_id } = await suite.license(1);
    for (let i = 0; i < 6; i += 1) await makeKey(license_id, { keep: true });
    const seen: string[] = [];
    let query: string | undefined = '?limit=3';
    while (query !== undefined) {
      const page: Reply = await keys(license_id, query);
      seen.push(...ids(page));
      const cursor: string | null = page.headers.get('x-next-cursor');
      query = cursor === null ? undefined : `?limit=3&cursor=${cursor}`;
    }
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toHaveLength(7);
  });

  test('belong to the customer: owner and admin make and end them, members do not', async () => {
    const { license_id } = await suite.license(1);
    const [key] = ids(await keys(license_id));
    const path = `${LICENSES}/${license_id}/keys`;
    for (const token of ['member', 'guest', 'scheduler']) {
      expect((await suite.send('GET', path, undefined, token)).status).toBe(403);
      expect((await suite.post(path, { keep: true }, token)).status).toBe(403);
      expect((await suite.send('DELETE', `${path}/${key}`, undefined, token)).status).toBe(403);
    }
    for (const token of ['owner', 'admin', 'staff', 'service']) {
      const made = await suite.post(path, { keep: true }, token);
      expect(made.status).toBe(201);
      expect((await suite.send('DELETE', `${path}/${made.body.key}`, undefined, token)).status).toBe(204);
    }
    const foreign = await suite.send('DELETE', `${path}/${key}`, undefined, 'other_tenant_owner');
    expect(foreign).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
  });

  test('are refused with contradictory or unknown members', async () => {
    const { license_id } = await suite.license(1);
    const faults = async (body: object) => (await makeKey(license_id, body)).body.errors?.[0].path;
    expect(await faults({ keep: true, grace_seconds: 60 })).toBe('grace_seconds');
    expect(await faults({ keep: true, end_sessions: true })).toBe('end_sessions');
    expect(await faults({ grace_seconds: -1 })).toBe('grace_seconds');
    expect(await faults({ label: 'x'.repeat(201) })).toBe('label');
    expect(await faults({ key: 'mine' })).toBe('key');
    expect((await keys(license_id)).body).toHaveLength(1);
  });
});

describe('a key that ends', () => {
  test('neither acquires nor refreshes; its sessions beat on, and say which key they came with', async () => {
    const { license_id, license_key } = await suite.license(3);
    const [old = ''] = ids(await keys(license_id));
    const { session_id } = (await acquire(license_key, 'm')).body;
    const made = (await makeKey(license_id, { keep: true })).body;
    await acquire(made.license_key, 'n');
    const listed = (await suite.send('GET', `${LICENSES}/${license_id}/sessions`, undefined, 'member')).body;
    expect(listed.find(({ session }: { session: string }) => session === handleOf(session_id)).key).toBe(old);
    expect(new Set(listed.map(({ key }: { key: string }) => key))).toEqual(new Set([old, made.key]));

    expect((await endKey(license_id, old)).status).toBe(204);
    expect((await endKey(license_id, old)).status).toBe(204);
    expect(ids(await keys(license_id))).toEqual([made.key]);
    expect(await acquire(license_key, 'm')).toMatchObject({ status: 404, body: { code: 'license_not_found' } });
    const refresh = { license_key, hardware_id: 'm' };
    const refreshed = await suite.post(`${LICENSES}/heartbeat`, { session_id, refresh });
    expect(refreshed).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    await reap();
    expect((await beat(session_id)).status).toBe(200);
    expect((await suite.post(`${LICENSES}/lookup`, { license_key }, 'staff')).status).toBe(404);
    expect((await acquire(made.license_key, 'o')).status).toBe(201);
  });

  test('takes its sessions along when it is asked to, and no others', async () => {
    const { license_id, license_key } = await suite.license(5);
    const [old = ''] = ids(await keys(license_id));
    const gone = await Promise.all(
      ['a', 'b'].map(async (machine) => (await acquire(license_key, machine)).body.session_id),
    );
    const made = (await makeKey(license_id, { keep: true })).body;
    const kept = (await acquire(made.license_key, 'c')).body.session_id;
    expect((await endKey(license_id, old, '?end_sessions=true')).status).toBe(204);
    for (const session_id of gone) {
      expect(await beat(session_id)).toMatchObject({
        status: 410,
        body: { code: 'session_ended', reason: 'key_ended' },
      });
    }
    expect((await beat(kept)).status).toBe(200);
    const usage = await suite.send('GET', `${LICENSES}/${license_id}/usage`, undefined, 'owner');
    expect(usage.body.seats_used).toBe(1);
  });

  test('takes them along later, too, and whoever could not be ended at once is ended by the reaper', async () => {
    const { license_id, license_key } = await suite.license(2);
    const [old = ''] = ids(await keys(license_id));
    const { session_id } = (await acquire(license_key, 'a')).body;
    expect((await endKey(license_id, old)).status).toBe(204);
    suite.stack.recorder.inject({ service: 'firestore', method: 'RunQuery', code: 'UNAVAILABLE', times: 1 });
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'ABORTED', times: 1 });
    expect((await endKey(license_id, old, '?end_sessions=true')).status).toBe(204);
    await reap();
    expect(await beat(session_id)).toMatchObject({ status: 410, body: { reason: 'key_ended' } });
  });

  test('with a grace ends its sessions when the grace is over', async () => {
    const { license_id, license_key } = await suite.license(2);
    const { session_id } = (await acquire(license_key, 'a')).body;
    await makeKey(license_id, { grace_seconds: 300, end_sessions: true });
    await reap();
    expect((await beat(session_id)).status).toBe(200);
    suite.stack.clock.advance(301);
    expect((await reap()).body).toMatchObject({ ended: 1, scanned: 1 });
    expect(await beat(session_id)).toMatchObject({ status: 410, body: { reason: 'key_ended' } });
    suite.stack.clock.advance(601);
    await reap();
    const { project, firestore } = suite.stack;
    const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
    expect(await store.query({ collection: 'key_endings', where: [], limit: 100 })).toEqual([]);
    await store.close();
  });

  test('is unknown when the licence never had it', async () => {
    const { license_id } = await suite.license(1);
    const [foreign = ''] = ids(await keys((await suite.license(1)).license_id));
    for (const key of [foreign, 'key_0000000000000000', 'nonsense', '%00', '__x__']) {
      expect(await endKey(license_id, key)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
  });
});

describe('one key after another', () => {
  test('by default the older ones end at once, and nothing lengthens a grace', async () => {
    const { license_id, license_key } = await suite.license(2);
    const second = (await makeKey(license_id, { grace_seconds: 60 })).body.license_key;
    const third = (await makeKey(license_id, { grace_seconds: 3600 })).body.license_key;
    suite.stack.clock.advance(61);
    expect((await acquire(license_key, 'a')).status).toBe(404);
    expect((await acquire(second, 'a')).status).toBe(201);
    const last = (await makeKey(license_id, {})).body.license_key;
    const replies = [await acquire(second, 'a'), await acquire(third, 'a'), await acquire(last, 'a')];
    expect(tally(replies)).toEqual({ 200: 1, 404: 2 });
  });

  test('two at once: one of them ends the other', async () => {
    const { license_id } = await suite.license(1);
    const made = await Promise.all([makeKey(license_id, {}), makeKey(license_id, {}), makeKey(license_id, {})]);
    expect(tally(made)).toEqual({ 201: 3 });
    const opened = await Promise.all(made.map(({ body }) => acquire(body.license_key, 'm')));
    expect(tally(opened)).toEqual({ 201: 1, 404: 2 });
    expect((await keys(license_id)).body).toHaveLength(1);
  });

  test('two at once that keep: both work', async () => {
    const { license_id } = await suite.license(1);
    const made = await Promise.all(Array.from({ length: 6 }, () => makeKey(license_id, { keep: true })));
    expect(tally(made)).toEqual({ 201: 6 });
    expect((await keys(license_id)).body).toHaveLength(7);
  });

  test('a key is made once for an Idempotency-Key, and shown again after an answer that was lost', async () => {
    const { license_id } = await suite.license(1);
    const idempotencyKey = randomUUID();
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    const body = { label: 'once', keep: true };
    const [first, again] = [
      await makeKey(license_id, body, idempotencyKey),
      await makeKey(license_id, body, idempotencyKey),
    ];
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect((await keys(license_id)).body).toHaveLength(2);
    expect((await acquire(again.body.license_key, 'm')).status).toBe(201);
    expect(await makeKey(license_id, { ...body, label: 'twice' }, idempotencyKey)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  test('an archived licence gets none, and the ones it has stop', async () => {
    const { license_id, license_key } = await suite.license(1);
    await suite.send('DELETE', `${LICENSES}/${license_id}`, undefined, 'staff');
    expect((await makeKey(license_id, {})).status).toBe(409);
    expect((await acquire(license_key, 'm')).status).toBe(404);
    expect((await keys(license_id)).body).toEqual([]);
  });
});

test('with 500 keys an acquire costs the RPCs that it costs with one', async () => {
  const { license_id, license_key } = await suite.license(10);
  const counted = async (act: () => Promise<Reply>) => {
    suite.stack.recorder.forgetCalls();
    expect((await act()).status).toBe(201);
    // Peaks are written apart from acquires, at a moment of their own.
    const { 'firestore.BatchWrite': _peaks, ...calls } = suite.stack.recorder.calls();
    return calls;
  };
  await acquire(license_key, 'first of the day');
  const one = await counted(() => acquire(license_key, 'a'));
  const { project, firestore } = suite.stack;
  const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
  const others = Array.from({ length: 498 }, () => hashLicenseKey(newLicenseKey(license_id)));
  const fields = () => ({ ...newKeyFields(newKeyId(), null, suite.stack.clock.now()) });
  await store.commit(others.map((hash) => ({ op: 'create', path: paths.key(license_id, hash), fields: fields() })));
  await store.close();
  const last = (await makeKey(license_id, { keep: true })).body.license_key;
  await acquire(last, 'first of the day with this key');
  const many = await counted(() => acquire(last, 'b'));
  expect(many).toEqual(one);
  expect(many).toMatchObject({ 'firestore.BatchGetDocuments': 1, 'firestore.Commit': 1 });
  const rotated = await makeKey(license_id, {});
  expect(rotated.status).toBe(201);
  expect((await keys(license_id)).body).toHaveLength(1);
  expect((await acquire(license_key, 'c')).status).toBe(404);
});
