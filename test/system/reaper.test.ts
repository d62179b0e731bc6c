import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createReap } from '#functions/session-reaper/reap.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { parseLicenseKey } from '#shared/license-format/license-key.ts';
import { ENDED_RETENTION } from '#shared/model/session.ts';
import { handleOf, machineId, newSessionName } from '#shared/model/session-id.ts';
import { claim } from '#shared/seats/claim-commits.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { brokenInvariants, readView } from '../contract/seats/view.ts';
import { useSuite } from './suite.ts';

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

const reap = (token?: string) => suite.post('/internal/sessions/reap', undefined, token);
const heartbeat = (session_id: string) => suite.post('/api/v1/licenses/heartbeat', { session_id });
async function acquire(license_key: string, hardware_id: string): Promise<string> {
  const { status, body } = await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id });
  expect(status).toBe(201);
  return body.session_id;
}

/** A licence all of whose seats are held, in one shard, programs: {}, by machines that died long ago. */
async function licenseOfDead(count: number, shard: number): Promise<string> {
  const { license_id, license_key } = await suite.license(count);
  const key = parseLicenseKey(license_key);
  if (key === undefined) throw new TypeError('the licence has a key');
  const seats = await store.query(queries.openSeatsFrom(license_id, 0, count));
  const fields = {
    license_id,
    tenant_id: 'demo',
    key: 'key_0',
    user_email: null,
    user: null,
    hostname: null,
    platform: null,
    client_version: null,
    acquired_at: 1,
    last_heartbeat: 1,
    copy_until: 1,
    lingering: false,
    borrow_slot: null,
    borrowed_until: null,
    shard,
    programs: {},
  };
  const writes = seats.flatMap((seat, index) => {
    const machine = machineId(license_id, `dead-${index}`);
    // Some end at the same moment: pages go on behind one of them.
    const expires_at = 1_000 + Math.floor(index / 3);
    const own = { seat: seat.id, holder: machine, machine, expires_at };
    return claim({ name: newSessionName(key), fields: { ...fields, ...own } }, seat);
  });
  await store.commit(writes);
  return license_id;
}

async function expectAllFree(license_id: string, seats: number): Promise<void> {
  const view = await readView(store, license_id);
  expect(brokenInvariants(view)).toEqual([]);
  expect({ live: view.sessions.size, seats: view.seats.size, ended: view.ended.size }).toEqual({
    live: 0,
    seats,
    ended: seats,
  });
  expect(new Set([...view.ended.values()].map(({ reason }) => reason))).toEqual(new Set(['expired']));
}

test.each([
  { token: undefined, status: 401 },
  { token: 'owner', status: 403 },
  { token: 'staff', status: 403 },
  { token: 'service', status: 403 },
  { token: 'foreign_service', status: 403 },
  { token: 'scheduler', status: 200 },
])('a caller with the token of $token gets $status', async ({ token, status }) => {
  expect((await reap(token)).status).toBe(status);
});

describe('sessions whose lease is over', () => {
  test('end for being expired, and their record goes after 90 days', async () => {
    const { license_id, license_key } = await suite.license(2);
    const dead = await acquire(license_key, 'dead');
    suite.stack.clock.advance(LEASE - 10);
    const alive = await acquire(license_key, 'alive');
    suite.stack.clock.advance(15);
    expect(await reap('scheduler')).toMatchObject({ status: 200, body: { ended: 1, scanned: 1, remaining: 0 } });
    expect(await heartbeat(dead)).toMatchObject({ status: 410, body: { reason: 'expired' } });
    expect(await heartbeat(alive)).toMatchObject({ status: 200 });
    expect(await suite.post('/api/v1/licenses/release', { session_id: alive })).toMatchObject({ status: 200 });
    const [ended] = await store.get([paths.ended(handleOf(dead))]);
    const { reason, ended_at, delete_after } = ended?.fields ?? {};
    expect(reason).toBe('expired');
    expect(delete_after).toBe(Math.ceil((Number(ended_at) + ENDED_RETENTION) / 1000) * 1000);
    expect(brokenInvariants(await readView(store, license_id))).toEqual([]);
  });

  test('end page after page', async () => {
    const license_id = await licenseOfDead(230, 3);
    expect((await reap('scheduler')).body).toMatchObject({ ended: 230, scanned: 230, remaining: 0 });
    await expectAllFree(license_id, 230);
  });

  test('end once when two runs meet', async () => {
    const license_id = await licenseOfDead(120, 5);
    const runs = await Promise.all([reap('scheduler'), reap('scheduler')]);
    expect(runs.map(({ status }) => status)).toEqual([200, 200]);
    expect(runs.reduce((sum, { body }) => sum + body.ended, 0)).toBe(120);
    await expectAllFree(license_id, 120);
  });

  test('live on when they beat between the reading and the commit', async () => {
    const { license_id, license_key } = await suite.license(1);
    const sleeper = await acquire(license_key, 'sleeper');
    suite.stack.clock.advance(LEASE + 2);
    const { recorder } = suite.stack;
    recorder.forgetCalls();
    recorder.inject({ service: 'firestore', method: 'Commit', delay_ms: HELD, times: 1 });
    const running = reap('scheduler');
    await expect.poll(() => recorder.calls()['firestore.Commit'] ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(await heartbeat(sleeper)).toMatchObject({ status: 200 });
    expect((await running).body).toMatchObject({ ended: 0, scanned: 1 });
    expect(await heartbeat(sleeper)).toMatchObject({ status: 200 });
    expect(brokenInvariants(await readView(store, license_id))).toEqual([]);
  });

  test('are left for the next run when the time is up, and counted', async () => {
    const license_id = await licenseOfDead(4, 7);
    const { clock } = suite.stack;
    const random = Math.random;
    const reconcile = createReconcileSeats({ store, clock, random });
    const reapInNoTime = createReap({
      store,
      clock,
      random,
      reconcile,
      clearQueues: async () => 0,
      endKeys: async () => ({ ended: 0, found: 0 }),
      budget: 0,
    });
    expect(await reapInNoTime()).toEqual({ ended: 0, scanned: 0, remaining: 4, settled: 0, tickets: 0 });
    expect((await reap('scheduler')).body).toMatchObject({ ended: 4, remaining: 0 });
    await expectAllFree(license_id, 4);
  });
});

test('a change of seats that was interrupted is finished', async () => {
  const { license_id } = await suite.license(2);
  await store.commit([{ op: 'update', path: paths.license(license_id), fields: { max_seats: 5, reconciling: true } }]);
  expect((await reap('scheduler')).body).toMatchObject({ settled: 1 });
  const view = await readView(store, license_id);
  expect(view.seats.size).toBe(5);
  expect(brokenInvariants(view)).toEqual([]);
});
