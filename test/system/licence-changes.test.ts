import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { machineId } from '#shared/model/session-id.ts';
import { brokenInvariants, readView, type View } from '../contract/seats/view.ts';
import { tally, useSuite } from './suite.ts';

const suite = useSuite();
let store: ReturnType<typeof createFirestore>;
beforeAll(async () => {
  const { project, firestore } = suite.stack;
  store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
});
afterAll(async () => {
  await store.close();
});

const LEASE = 360;
/** Milliseconds for which a commit is held, so that something else happens first. */
const HELD = 3_000;

const acquire = (license_key: string, hardware_id: string) =>
  suite.post('/api/v1/licenses/acquire', { license_key, hardware_id });
const heartbeat = (session_id: string) => suite.post('/api/v1/licenses/heartbeat', { session_id });
const release = (session_id: string) => suite.post('/api/v1/licenses/release', { session_id });
const change = (license_id: string, wanted: object) =>
  suite.send('PATCH', `/api/v1/licenses/${license_id}`, wanted, 'staff');

async function intact(license_id: string): Promise<View> {
  const view = await readView(store, license_id);
  expect(brokenInvariants(view)).toEqual([]);
  return view;
}

/** Holds the next commit, and says when it has come. */
async function holdCommit(): Promise<() => Promise<void>> {
  const { recorder } = suite.stack;
  recorder.forgetCalls();
  recorder.inject({ service: 'firestore', method: 'Commit', delay_ms: HELD, times: 1 });
  return () => expect.poll(() => recorder.calls()['firestore.Commit'] ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
}

describe('the number of seats', () => {
  test('grows', async () => {
    const { license_id, license_key } = await suite.license(1);
    expect((await acquire(license_key, 'a')).status).toBe(201);
    expect((await acquire(license_key, 'b')).status).toBe(402);
    expect(await change(license_id, { max_seats: 3 })).toMatchObject({ status: 200, body: { max_seats: 3 } });
    const replies = await Promise.all(['b', 'c', 'd'].map((machine) => acquire(license_key, machine)));
    expect(tally(replies)).toEqual({ 201: 2, 402: 1 });
    expect((await intact(license_id)).seats.size).toBe(3);
  });

  test('shrinks: open seats go first, then those whose holders have been unheard longest', async () => {
    const { license_id, license_key } = await suite.license(5);
    const ids: string[] = [];
    for (const machine of ['first', 'second', 'third']) {
      ids.push((await acquire(license_key, machine)).body.session_id);
      suite.stack.clock.advance(10);
    }
    const [first = '', second = '', third = ''] = ids;
    expect((await heartbeat(first)).status).toBe(200);
    expect((await change(license_id, { max_seats: 3 })).status).toBe(200);
    expect((await intact(license_id)).sessions.size).toBe(3);
    expect((await change(license_id, { max_seats: 1 })).status).toBe(200);
    expect((await intact(license_id)).seats.size).toBe(1);
    expect(await heartbeat(second)).toMatchObject({ status: 410, body: { reason: 'seats_reduced' } });
    expect(await heartbeat(third)).toMatchObject({ status: 410, body: { reason: 'seats_reduced' } });
    expect((await heartbeat(first)).status).toBe(200);
    expect((await acquire(license_key, 'second')).status).toBe(402);
  });
});

describe('suspension', () => {
  test('leaves no session, however many are being acquired, and reinstating brings the seats back', async () => {
    const { license_id, license_key } = await suite.license(40);
    const acquiring = Promise.all(Array.from({ length: 40 }, (_, index) => acquire(license_key, `m${index}`)));
    expect(await change(license_id, { status: 'suspended' })).toMatchObject({ body: { status: 'suspended' } });
    const view = await intact(license_id);
    expect({ live: view.sessions.size, seats: view.seats.size }).toEqual({ live: 0, seats: 0 });
    const replies = await acquiring;
    for (const { status, body } of replies) {
      expect([201, 403]).toContain(status);
      if (status === 403) expect(body.code).toBe('license_suspended');
      else
        expect(await heartbeat(body.session_id)).toMatchObject({ status: 410, body: { reason: 'license_suspended' } });
    }
    expect((await intact(license_id)).sessions.size).toBe(0);
    expect(await acquire(license_key, 'late')).toMatchObject({ status: 403, body: { code: 'license_suspended' } });
    expect((await change(license_id, { status: 'active' })).status).toBe(200);
    expect((await intact(license_id)).seats.size).toBe(40);
    expect((await acquire(license_key, 'late')).status).toBe(201);
  });

  test('defeats an acquire that has read the licence and not yet committed', async () => {
    const { license_id, license_key } = await suite.license(2);
    const held = await holdCommit();
    const acquiring = acquire(license_key, 'slow');
    await held();
    expect((await change(license_id, { status: 'suspended' })).status).toBe(200);
    expect((await intact(license_id)).sessions.size).toBe(0);
    expect(await acquiring).toMatchObject({ status: 403, body: { code: 'license_suspended' } });
    expect((await intact(license_id)).sessions.size).toBe(0);
  });
});

test('an expired licence lends nothing, ends what beats, and can be prolonged', async () => {
  const { license_id, license_key } = await suite.license(2);
  const { session_id } = (await acquire(license_key, 'm')).body;
  const soon = new Date(suite.stack.clock.now() + 100_000).toISOString();
  expect((await change(license_id, { expires_at: soon })).status).toBe(200);
  suite.stack.clock.advance(101);
  expect(await acquire(license_key, 'n')).toMatchObject({ status: 403, body: { code: 'license_expired' } });
  expect(await heartbeat(session_id)).toMatchObject({ status: 410, body: { reason: 'license_expired' } });
  expect(await heartbeat(session_id)).toMatchObject({ status: 410, body: { reason: 'license_expired' } });
  expect(await release(session_id)).toMatchObject({ status: 410, body: { reason: 'license_expired' } });
  expect((await intact(license_id)).sessions.size).toBe(0);
  const later = new Date(suite.stack.clock.now() + 86_400_000).toISOString();
  expect((await change(license_id, { expires_at: later })).status).toBe(200);
  expect((await acquire(license_key, 'n')).status).toBe(201);
});

describe('one machine, at an awkward moment', () => {
  test('releases many times at once: one answer', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { session_id } = (await acquire(license_key, 'm')).body;
    const replies = await Promise.all(Array.from({ length: 10 }, () => release(session_id)));
    expect(tally(replies)).toEqual({ 200: 10 });
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect((await intact(license_id)).sessions.size).toBe(0);
  });

  test('acquires while it releases: a session that it can beat for, or learns the end of', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { session_id } = (await acquire(license_key, 'm')).body;
    const [again, released] = await Promise.all([acquire(license_key, 'm'), release(session_id)]);
    expect(released.status).toBe(200);
    expect([200, 201]).toContain(again.status);
    const kept = again.body.session_id !== session_id;
    expect((await heartbeat(again.body.session_id)).status).toBe(kept ? 200 : 410);
    expect((await intact(license_id)).sessions.size).toBe(kept ? 1 : 0);
  });

  test('comes back while another takes its expired session over: one of them has the seat', async () => {
    const { license_id, license_key } = await suite.license(1);
    const { session_id } = (await acquire(license_key, 'sleeper')).body;
    suite.stack.clock.advance(LEASE + 2);
    const [back, other] = await Promise.all([acquire(license_key, 'sleeper'), acquire(license_key, 'other')]);
    expect([[200, 402].join(), [402, 201].join()]).toContain([back.status, other.status].join());
    expect((await heartbeat(session_id)).status).toBe(back.status === 200 ? 200 : 410);
    expect((await intact(license_id)).sessions.size).toBe(1);
  });

  test('has gone before its group was served: it takes no seat', async () => {
    const { license_id, license_key } = await suite.license(3);
    const held = await holdCommit();
    const first = acquire(license_key, 'first');
    await held();
    const leaving = new AbortController();
    const gone = fetch(`${suite.stack.gateway}/api/v1/licenses/acquire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ license_key, hardware_id: 'gone' }),
      signal: leaving.signal,
    }).catch(() => 'gone');
    const stays = acquire(license_key, 'stays');
    // Both have reached the function once a third request, which came after them, is answered.
    expect((await suite.send('GET', '/health')).status).toBe(200);
    leaving.abort();
    expect(await gone).toBe('gone');
    expect([(await first).status, (await stays).status]).toEqual([201, 201]);
    const { holders } = await intact(license_id);
    expect(new Set(holders.keys())).toEqual(
      new Set(['first', 'stays'].map((machine) => machineId(license_id, machine))),
    );
  });
});
