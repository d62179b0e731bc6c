import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { brokenInvariants, readView } from '../contract/seats/view.ts';
import { type Reply, useSuite } from './suite.ts';

/** Every call to Firestore and KMS on every path of the seats fails once, before or after its effect. */

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
const PATIENCE = 10;

/** A client that knows nothing better than to try again. */
async function persist(send: () => Promise<Reply>): Promise<Reply> {
  let reply = await send();
  for (let tries = 1; reply.status >= 500 && tries < PATIENCE; tries += 1) reply = await send();
  return reply;
}

const acquire = (license_key: string, hardware_id: string, user_email?: string) =>
  suite.post('/api/v1/licenses/acquire', { license_key, hardware_id, user_email });
const heartbeat = (session_id: string) => suite.post('/api/v1/licenses/heartbeat', { session_id });
const release = (session_id: string) => suite.post('/api/v1/licenses/release', { session_id });
const reap = () => suite.post('/internal/sessions/reap', undefined, 'scheduler');
const setStatus = (license_id: string, status: string) =>
  suite.send('PATCH', `/api/v1/licenses/${license_id}`, { status }, 'staff');

interface Subject {
  readonly license_id: string;
  readonly license_key: string;
  /** A session that is there before the path is walked, where one is. */
  readonly session_id: string;
}

interface Path {
  readonly calls: readonly string[];
  readonly prepare?: (license_key: string) => Promise<Reply>;
  readonly walk: (subject: Subject) => Promise<Reply>;
  /** After the walk: everything is as it would be without the fault. */
  readonly settled: (subject: Subject, reply: Reply) => Promise<void>;
}

async function keepsAndReturns({ license_key }: Subject, reply: Reply): Promise<void> {
  expect([200, 201]).toContain(reply.status);
  const { session_id } = reply.body;
  expect(await heartbeat(session_id)).toMatchObject({ status: 200 });
  expect(await acquire(license_key, 'somebody else')).toMatchObject({ status: 402 });
  expect(await release(session_id)).toMatchObject({ status: 200, body: { seats_used: 0 } });
}

const LOOK = ['firestore.BatchGetDocuments', 'firestore.RunQuery', 'firestore.RunAggregationQuery'];
const SIGN = 'kms.AsymmetricSign';
const died = async (license_key: string) => {
  const reply = await acquire(license_key, 'dead');
  suite.stack.clock.advance(LEASE + 2);
  return reply;
};

const PATHS: Readonly<Record<string, Path>> = {
  'acquire, new': {
    calls: [...LOOK, 'firestore.Commit', SIGN],
    walk: ({ license_key }) => acquire(license_key, 'm'),
    settled: keepsAndReturns,
  },
  'acquire, again': {
    calls: [...LOOK, 'firestore.BatchWrite', SIGN],
    prepare: (license_key) => acquire(license_key, 'm'),
    // For somebody else, since an unchanged session is handed the signature that it has.
    walk: ({ license_key }) => acquire(license_key, 'm', 'another@example.org'),
    async settled(subject, reply) {
      expect(reply).toMatchObject({ status: 200, body: { session_id: subject.session_id } });
      await keepsAndReturns(subject, reply);
    },
  },
  takeover: {
    calls: [...LOOK, 'firestore.Commit', SIGN],
    prepare: died,
    walk: ({ license_key }) => acquire(license_key, 'm'),
    async settled(subject, reply) {
      expect(await heartbeat(subject.session_id)).toMatchObject({ status: 410, body: { reason: 'reclaimed' } });
      await keepsAndReturns(subject, reply);
    },
  },
  heartbeat: {
    calls: ['firestore.BatchWrite'],
    prepare: (license_key) => acquire(license_key, 'm'),
    walk: ({ session_id }) => heartbeat(session_id),
    async settled({ session_id }, reply) {
      expect(reply.status).toBe(200);
      expect(await release(session_id)).toMatchObject({ status: 200, body: { seats_used: 0 } });
    },
  },
  release: {
    calls: ['firestore.BatchGetDocuments', 'firestore.RunAggregationQuery', 'firestore.Commit'],
    prepare: (license_key) => acquire(license_key, 'm'),
    walk: ({ session_id }) => release(session_id),
    async settled({ session_id }, reply) {
      expect(reply).toMatchObject({ status: 200, body: { session_id, seats_used: 0 } });
      expect(await heartbeat(session_id)).toMatchObject({ status: 410, body: { reason: 'released' } });
    },
  },
  reap: {
    calls: ['firestore.RunQuery', 'firestore.Commit'],
    prepare: died,
    walk: reap,
    async settled({ session_id }, reply) {
      expect(reply.status).toBe(200);
      // What one run leaves, the next one ends.
      expect(await reap()).toMatchObject({ status: 200, body: { remaining: 0 } });
      expect(await heartbeat(session_id)).toMatchObject({ status: 410, body: { reason: 'expired' } });
    },
  },
  suspend: {
    calls: ['firestore.BatchGetDocuments', 'firestore.RunQuery', 'firestore.Commit'],
    prepare: (license_key) => acquire(license_key, 'm'),
    walk: ({ license_id }) => setStatus(license_id, 'suspended'),
    async settled(subject, reply) {
      expect(reply).toMatchObject({ status: 200, body: { status: 'suspended' } });
      expect((await readView(store, subject.license_id)).seats.size).toBe(0);
      expect(await heartbeat(subject.session_id)).toMatchObject({ status: 410, body: { reason: 'license_suspended' } });
      expect(await setStatus(subject.license_id, 'active')).toMatchObject({ status: 200 });
      await keepsAndReturns(subject, await acquire(subject.license_key, 'm'));
    },
  },
};

const REFUSED = [
  { code: 'UNAVAILABLE', lost: false },
  { code: 'ABORTED', lost: false },
  { code: 'DEADLINE_EXCEEDED', lost: false },
];
const LOST = [
  { code: 'UNAVAILABLE', lost: true },
  { code: 'DEADLINE_EXCEEDED', lost: true },
];
/** Of a call that changes nothing, a lost answer is the same as a refusal. */
const faultsOf = (call: string) => (LOOK.includes(call) ? REFUSED : [...REFUSED, ...LOST]);

const CASES = Object.entries(PATHS).flatMap(([path, { calls }]) => calls.map((call) => ({ path, call })));

test.each(CASES)(
  '$path: $call fails once, and a client that tries again gets what it wants',
  async ({ path, call }) => {
    const { prepare, walk, settled } = PATHS[path] ?? {};
    const [service = '', method = ''] = call.split('.');
    for (const fault of faultsOf(call)) {
      const license = await suite.license(1);
      const { session_id = '' } = (await prepare?.(license.license_key))?.body ?? {};
      const subject = { ...license, session_id };
      suite.stack.recorder.forgetCalls();
      suite.stack.recorder.inject({ service, method, times: 1, ...fault });
      const reply = await persist(async () => (await walk?.(subject)) ?? Promise.reject(new TypeError('no such path')));
      expect(suite.stack.recorder.calls()[call], JSON.stringify(fault)).toBeGreaterThan(0);
      suite.stack.recorder.forgetFaults();
      expect(brokenInvariants(await readView(store, license.license_id)), JSON.stringify(fault)).toEqual([]);
      await settled?.(subject, reply);
      const view = await readView(store, license.license_id);
      expect(brokenInvariants(view)).toEqual([]);
      expect({ live: view.sessions.size, holders: view.holders.size, seats: [...view.seats.values()] }).toEqual({
        live: 0,
        holders: 0,
        seats: [null],
      });
    }
  },
);
