import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { fileStorage, holdSeat, rootKey } from '../../client/src/node.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const terms = (license_key: unknown, more: object = {}) => ({
  tenant_id: 'demo',
  tier: 'trial',
  max_seats: 3,
  expires_at: null,
  license_key,
  ...more,
});
const create = (license_key: unknown, more: object = {}, idempotencyKey?: string) =>
  suite.send(
    'POST',
    LICENSES,
    terms(license_key, more),
    'staff',
    idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
  );
const acquire = (license_key: string, hardware_id: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id });
/** Random keys as other systems spell them. */
const spelled = {
  guid: () => randomUUID(),
  hyphened: () =>
    randomUUID()
      .replaceAll('-', '')
      .toUpperCase()
      .slice(0, 25)
      .replace(/(.{5})(?=.)/g, '$1-'),
  sha1: () => `${randomUUID()}${randomUUID()}`.replaceAll('-', '').slice(0, 40),
  other: () => `Lizenz № ${randomUUID()} (Äpfel)`,
};

describe('a key of an older system', () => {
  test.each(Object.entries(spelled))('opens its licence, however it is typed: %s', async (_name, make) => {
    const license_key = make();
    const made = await create(license_key);
    expect(made).toMatchObject({ status: 201, body: { license_key } });
    const { license_id } = made.body;
    const seat = await acquire(license_key, 'a');
    expect(seat).toMatchObject({ status: 201, body: { license_data: { license_id, kind: 'seat' } } });
    const verdict = await suite.post(`${LICENSES}/verify`, { license_data: seat.body.license_data });
    expect(verdict.body).toMatchObject({ valid: true });
    const typed = ` ${license_key.toLowerCase().replaceAll('-', ' — ')}\n`;
    const again = await acquire(typed, 'a');
    expect(again).toMatchObject({ status: 200, body: { session_id: seat.body.session_id } });
    const refresh = { license_key: typed, hardware_id: 'a' };
    const beat = await suite.post(`${LICENSES}/heartbeat`, { session_id: seat.body.session_id, refresh });
    expect(beat.body.license_data.license_key).toBe(seat.body.license_data.license_key);
    expect((await suite.post(`${LICENSES}/lookup`, { license_key: typed }, 'staff')).body.license_id).toBe(license_id);
  });

  test('ends like any other, and a new one beside it is one of ours', async () => {
    const license_key = spelled.guid();
    const { license_id } = (await create(license_key)).body;
    const path = `${LICENSES}/${license_id}/keys`;
    const [{ key }] = (await suite.send('GET', path, undefined, 'owner')).body;
    const ours = (await suite.post(path, { keep: true }, 'owner')).body.license_key;
    expect((await acquire(ours, 'a')).status).toBe(201);
    expect((await acquire(license_key, 'b')).status).toBe(201);
    expect((await suite.send('DELETE', `${path}/${key}?end_sessions=true`, undefined, 'owner')).status).toBe(204);
    expect((await acquire(license_key, 'b')).status).toBe(404);
    expect((await suite.send('GET', `${LICENSES}/${license_id}/usage`, undefined, 'owner')).body.seats_used).toBe(1);
  });

  test('opens one licence at a time', async () => {
    const license_key = spelled.hyphened();
    const first = (await create(license_key)).body.license_id;
    const retyped = license_key.toLowerCase().replaceAll('-', '');
    for (const key of [license_key, retyped]) {
      expect(await create(key)).toMatchObject({ status: 409, body: { code: 'key_in_use' } });
    }
    const raced = spelled.guid();
    const statuses = (await Promise.all([1, 2, 3].map(() => create(raced)))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409, 409]);
    await suite.send('DELETE', `${LICENSES}/${first}`, undefined, 'staff');
    const second = await create(license_key);
    expect(second.status).toBe(201);
    suite.stack.clock.advance(61);
    const seat = await acquire(license_key, 'a');
    expect(seat.body.license_data.license_id).toBe(second.body.license_id);
  });

  test('is taken over once for an Idempotency-Key, and in bulk', async () => {
    const license_key = spelled.guid();
    const key = randomUUID();
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', times: 1, lost: true });
    const [first, again] = [await create(license_key, {}, key), await create(license_key, {}, key)];
    expect([again.status, again.text]).toEqual([201, first.text]);
    const fresh = spelled.guid();
    const licenses = [terms(fresh), terms(license_key), terms(undefined), terms('1234567890123456')];
    const bulkKey = { 'idempotency-key': randomUUID() };
    const bulk = await suite.send('POST', `${LICENSES}/bulk`, { licenses }, 'staff', bulkKey);
    expect(bulk.body.results).toMatchObject([
      { license_key: fresh },
      { code: 'key_in_use' },
      { license_key: expect.stringMatching(/^CS-/) },
      { code: 'invalid_request', errors: [{ path: 'license_key' }] },
    ]);
    expect((await acquire(fresh, 'a')).status).toBe(201);
    expect((await suite.send('POST', `${LICENSES}/bulk`, { licenses }, 'staff', bulkKey)).text).toBe(bulk.text);
  });

  test('is refused when it could be guessed, or is none', async () => {
    const native = (await suite.license(1)).license_key;
    const bad = [
      'A'.repeat(15),
      'A'.repeat(201),
      'AAAAAAAAAAAAAAAAAAAA',
      '1234567890123456',
      'ABCD-EFGH-IJKL-MNOP-QRST',
    ];
    for (const license_key of [...bad, '1111-2222-3333-4444-5555-6666', '-'.repeat(30), native, 7]) {
      const { status, body } = await create(license_key);
      expect([status, body.errors?.[0].path], String(license_key)).toEqual([400, 'license_key']);
    }
  });

  test('lies nowhere in the clear, in the store or the log', async () => {
    const license_key = spelled.guid();
    await create(license_key, {}, randomUUID());
    await acquire(license_key, 'a');
    const { project, firestore } = suite.stack;
    const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
    const stored: string[] = [];
    for (const collection of ['imported_keys', 'licenses', 'audit', 'idempotency', 'sessions']) {
      const documents = await store.query({ collection, where: [], limit: 1_000 });
      expect(documents, collection).not.toHaveLength(0);
      stored.push(JSON.stringify(documents));
    }
    await store.close();
    const plain = license_key.replaceAll('-', '').toUpperCase();
    for (const text of [...stored, ...suite.log]) {
      expect(text.toUpperCase()).not.toContain(plain);
      expect(text).not.toContain(license_key);
    }
  });
});

test('our client holds a seat with it and keeps one copy, however the key is typed', async () => {
  const license_key = spelled.hyphened();
  await create(license_key);
  const cacheDirectory = await mkdtemp(join(tmpdir(), 'countersign-imported-'));
  const names: string[] = [];
  try {
    const options = {
      url: suite.stack.gateway,
      keys: rootKey(suite.stack.rootKey),
      product: 'default',
      hardwareId: 'client',
      storage: fileStorage(cacheDirectory),
    };
    for (const licenseKey of [license_key, license_key.toLowerCase().replaceAll('-', ' ')]) {
      const seat = await holdSeat({ ...options, licenseKey });
      expect(seat.license.claims['license_key']).toBe(license_key.replaceAll('-', ''));
      names.push(...(await readdir(cacheDirectory)).flatMap((name) => /^license-\w+/.exec(name)?.[0] ?? []));
      await seat.release();
    }
    expect(new Set(names).size).toBe(1);
  } finally {
    await rm(cacheDirectory, { recursive: true });
  }
});

test('guesses are counted for the whole deployment; keys seen good go on', async () => {
  const good = spelled.guid();
  await create(good);
  expect((await acquire(good, 'a')).status).toBe(201);
  expect((await acquire(spelled.guid(), 'a')).status).toBe(404);
  const { project, firestore } = suite.stack;
  const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
  // As if other instances had counted an hour's worth of guesses.
  const limits = await store.query({ collection: 'limits', where: [], limit: 100 });
  await store.commit(
    limits.map(({ path }) => ({ op: 'update', path, fields: {}, maximum: { leased: 1_000_000 } }) as const),
  );
  await store.close();
  const answers: number[] = [];
  for (let guess = 0; guess < 60; guess += 1) answers.push((await acquire(spelled.guid(), 'a')).status);
  expect(answers).toContain(429);
  expect((await acquire(good, 'a')).status).toBe(200);
  const { license_key } = await suite.license(1);
  expect((await acquire(license_key, 'a')).status).toBe(201);
});
