/**
 * What one more seat costs when there are many licences: 1 to 10,000 (or as many as are named), each with one seat taken and
 * one free. An acquire, a heartbeat and a release, each of another licence, one after the other; a crowd's heartbeats at
 * once; what the instance keeps in memory; and the reaper, first with nothing to do, then with every session expired.
 *
 *     npm run bench growth-licenses [licences ...]
 *
 * The instance is this process, and the embedded stand-in for Firestore another one. With `--write` it draws
 * docs/images/growth-licenses.svg, too.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createAcquire } from '#functions/seats/acquire.ts';
import { createHeartbeat } from '#functions/seats/heartbeat.ts';
import { createLicenseCache } from '#functions/seats/license-cache.ts';
import { createRelease } from '#functions/seats/release.ts';
import { createClearQueues } from '#functions/session-reaper/clear-queues.ts';
import { createEndKeys } from '#functions/session-reaper/end-keys.ts';
import { createReap } from '#functions/session-reaper/reap.ts';
import { mapInParallel } from '#shared/concurrency/map-in-parallel.ts';
import { type Clock, systemClock } from '#shared/model/clock.ts';
import { createEndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { startEmbeddedProcess } from './growth/embedded.ts';
import { createMeter, OPERATIONS, round } from './growth/meter.ts';
import { drawLogLog } from './log-log-plot.ts';
import { createReport } from './report.ts';
import { createLicense, openProject } from './seats/firestore.ts';
import { fill, instantSign } from './seats/ours.ts';
import { median, quantile } from './seats/storm.ts';

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [1, 10, 100, 1_000, 10_000];
const TURNS = 200;
const CROWD = 1_000;
/** Licences that are made or filled at the same time. */
const PARALLEL = 100;
const SEATS = 2;
/** With fewer licences the heap's growth is that of code and connections. */
const ENOUGH = 1_000;
/** Milliseconds after which every session is over. */
const LATER = 3_600_000;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

function heapKiB(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1_024;
}

/** As functions/session-reaper composes it. */
function reaperOf(store: DocumentStore, clock: Clock) {
  const common = { store, clock, random: Math.random };
  return createReap({
    ...common,
    reconcile: createReconcileSeats(common),
    endKeys: createEndKeys({ store, clock, endSessionsOfKey: createEndSessionsOfKey(common) }),
    clearQueues: createClearQueues({ store, clock }),
    budget: 600_000,
  });
}

async function measure(host: string, count: number) {
  const { store, costs, forget, close } = openProject(host);
  const [clock, random] = [systemClock, Math.random];
  const keys = await mapInParallel(Array.from({ length: count }), PARALLEL, () => createLicense(store, SEATS));

  const before = heapKiB();
  const acquire = createAcquire({ store, clock, random, sign: instantSign });
  const release = createRelease({ store, clock, random, reconcile: createReconcileSeats({ store, clock, random }) });
  const heartbeat = createHeartbeat({ store, clock, licenses: createLicenseCache(store, clock), release });
  const filling = performance.now();
  const sessions = (await mapInParallel(keys, PARALLEL, (key) => fill(acquire, key, 1))).flat();
  const filled = performance.now() - filling;
  await mapInParallel(sessions, PARALLEL, heartbeat);
  const heap = heapKiB();
  const instance = heap - before;

  const { timed, times, rpcs } = createMeter({ costs, forget });
  for (let turn = 0; turn < TURNS; turn += 1) {
    const key = keys[Math.floor((turn * count) / TURNS)] ?? keys[turn % count];
    if (key === undefined) continue;
    const [session = ''] = await timed('acquire', () => fill(acquire, key, 1, 1));
    await timed('heartbeat', () => heartbeat(session));
    await timed('release', () => release(session, 'released'));
  }
  forget();
  const start = performance.now();
  await Promise.all(Array.from({ length: CROWD }, (_, index) => heartbeat(sessions[index % count] ?? '')));
  const [together, togetherRpcs] = [performance.now() - start, costs().rpcs];

  const reaped = async (at: Clock) => {
    forget();
    const began = performance.now();
    const { ended } = await reaperOf(store, at)();
    return { ended, took: performance.now() - began, rpcs: costs().rpcs };
  };
  const idle = await reaped(clock);
  const ending = await reaped({ ...clock, now: () => clock.now() + LATER });
  if (idle.ended !== 0 || ending.ended !== count) throw new Error(`${ending.ended} of ${count} sessions were ended`);
  await close();
  return { count, filled, heap, instance, times, rpcs, together, togetherRpcs, idle, ending };
}

const report = createReport('growth-licenses');
process.env['METADATA_SERVER_DETECTION'] = 'none';
const { host, close } = await startEmbeddedProcess();
try {
  await measure(host, 200); // unmeasured: code is compiled while it runs
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const count of SIZES) results.push(await measure(host, count));
  report.table(
    `${TURNS} of each, one after the other, spread over all licences; ms in the median and at 99 %`,
    results.map(({ count, filled, times, rpcs }) => ({
      licences: count,
      'first seat of each, ms a seat': round(filled / count),
      ...Object.fromEntries(
        OPERATIONS.flatMap((name) => [
          [`${name} p50`, round(median(times[name]))],
          [`${name} p99`, round(quantile(times[name], 0.99))],
          [`RPCs ${name === 'acquire' ? 'an' : 'a'} ${name}`, round(rpcs[name] / TURNS)],
        ]),
      ),
    })),
  );
  report.table(
    'Heartbeats at once, what the instance has in memory, and the reaper',
    results.map(({ count, heap, instance, together, togetherRpcs, idle, ending }) => ({
      licences: count,
      [`${CROWD.toLocaleString('en-GB')} heartbeats at once, ms`]: round(together),
      'RPCs of these': togetherRpcs,
      'MiB of heap': round(heap / 1_024),
      'KiB of it a licence': count < ENOUGH ? '-' : round(instance / count),
      'reaper with nothing to do, ms': round(idle.took),
      'RPCs of it': idle.rpcs,
      'reaper with all expired, ms a session': round(ending.took / count),
      'RPCs a session': round(ending.rpcs / count),
    })),
  );
  const lines = OPERATIONS.map((name) => ({
    name,
    points: results.map(({ count, times }) => [count, median(times[name])] as const),
  }));
  const svg = drawLogLog({ x: 'licences', y: 'ms an operation, median', lines });
  report.picture(
    'Milliseconds an acquire, a heartbeat and a release take, by the number of licences',
    'growth-licenses.svg',
    svg,
  );
  report.finish();
} finally {
  await close();
}
process.exit();
