import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { handleOf } from '#shared/model/session-id.ts';
import { brokenInvariants, readView, type View } from '../contract/seats/view.ts';
import { type Reply, useSuite } from './suite.ts';

/** An instance of `seats`, a process of its own, is killed with SIGKILL at each of its calls; another one takes over. */

const suite = useSuite();
let store: ReturnType<typeof createFirestore>;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  const { project, firestore } = suite.stack;
  store = createFirestore({ projectId: project.id, database: '(default)', endpoint: firestore });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await store.close();
});

const MAIN = resolve(import.meta.dirname, '../../functions/seats/main.ts');
/** Milliseconds for which a call is held: longer than it takes to notice that it has come. */
const HELD = 10_000;
const POLL = 5;

interface Victim {
  readonly url: string;
  readonly child: ChildProcess;
}

async function startVictim(): Promise<Victim> {
  const port = await freePort();
  const env = {
    ...process.env,
    ...suite.stack.environment('seats'),
    PORT: String(port),
    METADATA_SERVER_DETECTION: 'none',
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: 'ignore' });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { url, child };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}

async function until(reached: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await reached())) await sleep(POLL);
}

const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';

interface Subject {
  readonly license_id: string;
  readonly license_key: string;
  readonly session_id: string;
}

interface Death {
  readonly name: string;
  readonly held?: boolean;
  readonly expired?: boolean;
  /** The call that the process dies in. */
  readonly during: string;
  /** It dies once this is to be seen in the store, while that call is held; without it, as soon as the call has come. */
  readonly after?: (view: View, handle: string, before: View) => boolean;
  readonly path: string;
}

const claimed = (view: View) => view.holders.size === 1;
const SIGN = 'kms.AsymmetricSign';
const LOOK = ['firestore.BatchGetDocuments', 'firestore.RunQuery', 'firestore.RunAggregationQuery'];
const takenOver = (view: View, handle: string) => !view.sessions.has(handle);
const renewed = (view: View, handle: string, before: View) =>
  view.sessions.get(handle)?.last_heartbeat !== before.sessions.get(handle)?.last_heartbeat;

const DEATHS: readonly Death[] = [
  ...LOOK.map((during) => ({ name: 'acquire, new', during, path: ACQUIRE })),
  { name: 'acquire, new', during: 'firestore.Commit', path: ACQUIRE },
  { name: 'acquire, new, claimed', during: SIGN, after: claimed, path: ACQUIRE },
  { name: 'acquire, again', during: 'firestore.BatchWrite', held: true, path: ACQUIRE },
  { name: 'acquire, again, renewed', during: SIGN, held: true, after: renewed, path: ACQUIRE },
  { name: 'takeover', during: 'firestore.Commit', held: true, expired: true, path: ACQUIRE },
  { name: 'takeover, committed', during: SIGN, held: true, expired: true, after: takenOver, path: ACQUIRE },
  { name: 'heartbeat', during: 'firestore.BatchWrite', held: true, path: HEARTBEAT },
  { name: 'release', during: 'firestore.BatchGetDocuments', held: true, path: RELEASE },
  { name: 'release', during: 'firestore.Commit', held: true, path: RELEASE },
];

const post = async (base: string, path: string, { license_key, session_id }: Subject): Promise<Reply | undefined> => {
  const body = path === ACQUIRE ? { license_key, hardware_id: 'm' } : { session_id };
  const send = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return fetch(`${base}${path}`, send).then(
    async (response) => {
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
    },
    () => undefined,
  );
};

test.each(DEATHS)('$name, killed during $during', async ({ held, expired, during, after, path }) => {
  const license = await suite.license(1);
  const victim = await startVictim();
  const session_id = held ? await prepare(license, expired ?? false) : '';
  const subject = { ...license, session_id };
  const before = await readView(store, license.license_id);
  const [service = '', method = ''] = during.split('.');
  const { recorder } = suite.stack;
  recorder.forgetCalls();
  recorder.inject({ service, method, delay_ms: HELD });

  const lost = post(victim.url, path, subject);
  await until(() => (recorder.calls()[during] ?? 0) > 0);
  if (after !== undefined) {
    await until(async () => after(await readView(store, license.license_id), handleOf(session_id), before));
  }
  victim.child.kill('SIGKILL');
  await once(victim.child, 'exit');
  expect(await lost).toBeUndefined();
  recorder.forgetFaults();
  const found = await readView(store, license.license_id);
  expect(brokenInvariants(found)).toEqual([]);
  if (after === undefined) expect(found).toEqual(before);

  const retry = await post(suite.stack.gateway, path, subject);
  expect([200, 201]).toContain(retry?.status);
  const latest: string = retry?.body.session_id;
  if (path !== RELEASE) {
    expect(await suite.post(HEARTBEAT, { session_id: latest })).toMatchObject({ status: 200 });
  }
  expect(await suite.post(RELEASE, { session_id: latest })).toMatchObject({ status: 200, body: { seats_used: 0 } });
  const view = await readView(store, license.license_id);
  expect(brokenInvariants(view)).toEqual([]);
  expect({ live: view.sessions.size, holders: view.holders.size, seats: [...view.seats.values()] }).toEqual({
    live: 0,
    holders: 0,
    seats: [null],
  });
});

/** A session of this machine, or one of another whose lease is long over. */
async function prepare({ license_key }: { license_key: string }, expired: boolean): Promise<string> {
  const hardware_id = expired ? 'dead' : 'm';
  const { session_id } = (await suite.post(ACQUIRE, { license_key, hardware_id })).body;
  if (expired) {
    await store.commit([{ op: 'update', path: `sessions/${handleOf(session_id)}`, fields: { expires_at: 1 } }]);
  }
  return session_id;
}
