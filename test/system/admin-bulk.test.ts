import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const FUTURE = '2090-01-01T00:00:00.000Z';
const terms = (label: string, more: object = {}) => ({
  tenant_id: 'demo',
  tier: 'trial',
  max_seats: 1,
  expires_at: null,
  label,
  ...more,
});
const many = (label: string, count: number) => Array.from({ length: count }, (_, index) => terms(`${label} ${index}`));
const bulk = (licenses: readonly unknown[], key: string | undefined = randomUUID(), token = 'staff') =>
  suite.send('POST', `${LICENSES}/bulk`, { licenses }, token, key === undefined ? {} : { 'idempotency-key': key });
const labelled = async (q: string) =>
  (await suite.send('GET', `${LICENSES}?limit=100&tenant_id=demo&q=${q}`, undefined, 'staff')).body;
const inject = (fault: object) =>
  suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', ...fault } as never);

describe('licences in bulk', () => {
  test('are answered in order, each a licence with its key or a problem', async () => {
    const tenant = (await suite.post('/api/v1/tenants', { name: 'Small', tier: 'trial', seat_limit: 3 }, 'staff')).body;
    const small = { tenant_id: tenant.tenant_id };
    const { status, body } = await bulk([
      terms('first', { metadata: { a: 1 } }),
      { ...terms('second'), max_seats: 0, seats: 1 },
      terms('third', { expires_at: '2020-01-01T00:00:00.000Z' }),
      terms('fourth', { tenant_id: 'nobody' }),
      terms('fifth', { ...small, max_seats: 3 }),
      terms('sixth', { ...small, max_seats: 1 }),
      'seventh',
      terms('eighth', { expires_at: FUTURE, product: 'other' }),
    ]);
    expect(status).toBe(200);
    expect(body.results).toMatchObject([
      { label: 'first', license_key: expect.any(String), metadata: { a: 1 }, product: 'default' },
      { status: 400, errors: [{ path: 'licenses.1.max_seats' }, { path: 'licenses.1.seats' }] },
      { status: 400, errors: [{ path: 'expires_at' }] },
      { status: 404, code: 'not_found' },
      { label: 'fifth', tenant_id: tenant.tenant_id },
      { status: 409, code: 'seat_limit_exceeded' },
      { status: 400, errors: [{ path: 'licenses.6' }] },
      { label: 'eighth', expires_at: FUTURE, product: 'other' },
    ]);
    for (const index of [0, 4, 7]) {
      const { license_key, license_id } = body.results[index];
      const seat = await suite.post(`${LICENSES}/acquire`, { license_key, hardware_id: 'm' });
      expect(seat).toMatchObject({ status: 201, body: { license_data: { license_id } } });
    }
  });

  test('are the vendor’s alone, one to a hundred', async () => {
    for (const token of ['owner', 'admin', 'member', 'guest', 'scheduler']) {
      expect((await bulk([terms('no')], undefined, token)).status).toBe(403);
    }
    expect((await bulk([])).status).toBe(400);
    expect((await bulk(many('no', 101))).status).toBe(400);
    const all = await bulk(many('hundred', 100), randomUUID(), 'service');
    expect(new Set(all.body.results.map((one: { license_key: string }) => one.license_key)).size).toBe(100);
    expect(await labelled('hundred')).toHaveLength(100);
  });

  test('repeated under the same key are the same, another body is a conflict', async () => {
    const key = randomUUID();
    const wanted = [...many('again', 3), { ...terms('bad'), tier: 'none' }];
    const first = await bulk(wanted, key);
    suite.stack.recorder.forgetCalls();
    const again = await bulk(wanted, key);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(suite.stack.recorder.calls()).not.toHaveProperty('firestore.Commit');
    expect(await labelled('again')).toHaveLength(3);
    const conflict = { status: 409, body: { code: 'idempotency_conflict' } };
    expect(await bulk(wanted.toReversed(), key)).toMatchObject(conflict);
    const single = await suite.send('POST', LICENSES, terms('again'), 'staff', { 'idempotency-key': key });
    expect(single).toMatchObject(conflict);
    suite.stack.clock.advance(86_401);
    expect((await bulk(many('a day later', 1), key)).status).toBe(200);
  });

  test.each(Array.from({ length: 10 }, (_, index) => index))(
    'interrupted after %i commits are completed by the repeat, none twice',
    async (commits) => {
      const key = randomUUID();
      const label = `crash-${commits}`;
      inject({ code: 'UNAVAILABLE', after: commits });
      const first = await bulk(many(label, 4), key);
      expect(first).toMatchObject({ status: 503, body: { code: 'dependency_unavailable' } });
      suite.stack.recorder.forgetFaults();
      const early = await bulk(many(label, 4), key);
      if (early.status !== 200) {
        expect(early).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
        expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
        suite.stack.clock.advance(31);
      }
      const second = early.status === 200 ? early : await bulk(many(label, 4), key);
      expect(second.body.results.map((one: { label: string }) => one.label)).toEqual(
        many(label, 4).map((one) => one.label),
      );
      const third = await bulk(many(label, 4), key);
      expect(third.text).toBe(second.text);
      expect(await labelled(label)).toHaveLength(4);
      for (const { license_key, license_id } of second.body.results) {
        const found = await suite.post(`${LICENSES}/lookup`, { license_key }, 'staff');
        expect(found.body.license_id).toBe(license_id);
      }
    },
  );

  test('whose answers from the store are lost are made once', async () => {
    const key = randomUUID();
    inject({ code: 'UNAVAILABLE', lost: true, times: 5 });
    const { body } = await bulk(many('lost', 3), key);
    expect(body.results.map((one: { label: string }) => one.label)).toEqual(['lost 0', 'lost 1', 'lost 2']);
    expect(await labelled('lost')).toHaveLength(3);
  });

  test('asked for by many at once are made once', async () => {
    const key = randomUUID();
    const replies = await Promise.all(Array.from({ length: 5 }, () => bulk(many('crowd', 3), key)));
    const codes = new Set(replies.map(({ status, body }) => (status === 200 ? 200 : body.code)));
    expect([...codes].filter((code) => code !== 200 && code !== 'idempotency_in_progress')).toEqual([]);
    const made = new Set(replies.filter(({ status }) => status === 200).map(({ text }) => text));
    expect(made.size).toBe(1);
    expect(await labelled('crowd')).toHaveLength(3);
  });

  test('cost two commits a licence and two for the reservation; a repeat costs a single read', async () => {
    const counted = async (act: () => Promise<unknown>) => {
      suite.stack.recorder.forgetCalls();
      await act();
      return suite.stack.recorder.calls();
    };
    const key = randomUUID();
    await bulk(many('before', 1), undefined, 'service');
    const first = await counted(() => bulk(many('counted', 10), key, 'service'));
    expect(first['firestore.Commit']).toBe(2 * 10 + 2);
    const again = await counted(() => bulk(many('counted', 10), key, 'service'));
    expect(again).toEqual({ 'firestore.BatchGetDocuments': 1 });
  });

  test('leave no key in the store', async () => {
    const key = randomUUID();
    const { body } = await bulk(many('sealed', 2), key);
    const { project, firestore } = suite.stack;
    const store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
    const [{ license_key }] = body.results;
    for (const collection of ['idempotency', 'licenses', 'audit']) {
      const documents = await store.query({ collection, where: [], limit: 1_000 });
      expect(documents).not.toHaveLength(0);
      expect(JSON.stringify(documents)).not.toContain(license_key);
    }
    await store.close();
  });
});
