import { Firestore } from '@google-cloud/firestore';
import { createAcquire } from '#functions/seats/acquire.ts';
import { createHeartbeat } from '#functions/seats/heartbeat.ts';
import { createLicenseCache } from '#functions/seats/license-cache.ts';
import { createRelease } from '#functions/seats/release.ts';
import { systemClock } from '#shared/model/clock.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createGround, freshProject } from './firestore.ts';
import { fill, instantSign } from './ours.ts';
import { median } from './storm.ts';

export interface HeartbeatsRow {
  readonly way: string;
  readonly sessions: number;
  /** Milliseconds until the last answer. */
  readonly total: number;
  readonly rpcs: number;
}

/** All sessions send a heartbeat at the same moment; ours and the handwritten client's `update` take turns. */
export async function heartbeats(
  host: string,
  sessions: number,
  rounds: number,
): Promise<[ours: HeartbeatsRow, raw: HeartbeatsRow]> {
  const ours: { total: number; rpcs: number }[] = [];
  const raw: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await timeOurs(host, sessions));
    raw.push(await timeUpdates(sessions));
  }
  return [
    {
      way: 'ours',
      sessions,
      total: median(ours.map(({ total }) => total)),
      rpcs: median(ours.map(({ rpcs }) => rpcs)),
    },
    { way: 'an `update` each', sessions, total: median(raw), rpcs: sessions },
  ];
}

async function timeOurs(host: string, sessions: number) {
  const { store, key, forget, costs, close } = await createGround(host, sessions);
  const clock = systemClock;
  const random = Math.random;
  const ids = await fill(createAcquire({ store, clock, random, sign: instantSign }), key, sessions);
  const release = createRelease({ store, clock, random, reconcile: createReconcileSeats({ store, clock, random }) });
  const heartbeat = createHeartbeat({ store, clock, licenses: createLicenseCache(store, clock), release });
  await heartbeat(ids[0] ?? '');
  forget();
  const start = performance.now();
  await Promise.all(ids.map((id) => heartbeat(id)));
  const total = performance.now() - start;
  const { rpcs } = costs();
  await close();
  return { total, rpcs };
}

async function timeUpdates(sessions: number): Promise<number> {
  const firestore = new Firestore({ projectId: freshProject() });
  const documents = Array.from({ length: sessions }, (_, index) => firestore.doc(`sessions/session-${index}`));
  const fields = () => ({ last_heartbeat: Date.now(), expires_at: Date.now() + 360_000 });
  await Promise.all(documents.map((document) => document.create(fields())));
  const start = performance.now();
  await Promise.all(documents.map((document) => document.update(fields())));
  const total = performance.now() - start;
  await firestore.terminate();
  return total;
}
