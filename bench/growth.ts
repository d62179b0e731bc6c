/**
 * What one more seat costs when there are many already: licences of 1 to 10,000 seats (or as many as are named), nearly all
 * taken. An acquire, a heartbeat and a release, one after the other, and a crowd's heartbeats at once.
 *
 *     npm run bench growth [seats ...]
 *
 * On the embedded stand-in for Firestore, in this process. With `--write` it draws docs/images/growth.svg, too.
 */
import { createAcquire } from '#functions/seats/acquire.ts';
import { createHeartbeat } from '#functions/seats/heartbeat.ts';
import { createLicenseCache } from '#functions/seats/license-cache.ts';
import { createRelease } from '#functions/seats/release.ts';
import { systemClock } from '#shared/model/clock.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createMeter, OPERATIONS, round } from './growth/meter.ts';
import { drawLogLog } from './log-log-plot.ts';
import { createReport } from './report.ts';
import { createGround } from './seats/firestore.ts';
import { startEmbedded } from './seats/firestore-servers.ts';
import { fill, instantSign } from './seats/ours.ts';
import { median, quantile } from './seats/storm.ts';

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [1, 10, 100, 1_000, 10_000];
const TURNS = 100;
const CROWD = 1_000;
/** Acquires at once while the licence is filled: an instance lets so many wait. */
const FILLED_AT_ONCE = 1_000;

async function measure(host: string, seats: number) {
  const { store, key, costs, forget, close } = await createGround(host, seats + 1);
  const [clock, random] = [systemClock, Math.random];
  const acquire = createAcquire({ store, clock, random, sign: instantSign });
  const release = createRelease({ store, clock, random, reconcile: createReconcileSeats({ store, clock, random }) });
  const heartbeat = createHeartbeat({ store, clock, licenses: createLicenseCache(store, clock), release });

  const filling = performance.now();
  const sessions: string[] = [];
  while (sessions.length < seats) {
    const count = Math.min(FILLED_AT_ONCE, seats - sessions.length);
    sessions.push(...(await fill(acquire, key, count, sessions.length)));
  }
  const filled = performance.now() - filling;

  const { timed, times, rpcs } = createMeter({ costs, forget });
  for (let turn = 0; turn < TURNS; turn += 1) {
    const [session = ''] = await timed('acquire', () => fill(acquire, key, 1, seats + turn));
    await timed('heartbeat', () => heartbeat(session));
    await timed('release', () => release(session, 'released'));
  }
  forget();
  const crowd = Array.from({ length: CROWD }, (_, index) => sessions[index % sessions.length] ?? '');
  const start = performance.now();
  await Promise.all(crowd.map((session) => heartbeat(session)));
  const together = performance.now() - start;
  const togetherRpcs = costs().rpcs;
  await close();
  return { seats, filled, times, rpcs, together, togetherRpcs };
}

const report = createReport('growth');
process.env['METADATA_SERVER_DETECTION'] = 'none';
const { host, close } = await startEmbedded();
try {
  await measure(host, 200); // unmeasured: code is compiled while it runs
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const seats of SIZES) results.push(await measure(host, seats));
  report.table(
    `${TURNS} of each, one after the other, on a licence whose seats are all taken but one; ms in the median and at 99 %`,
    results.map(({ seats, filled, times, rpcs, together, togetherRpcs }) => ({
      'seats taken': seats,
      'filling, ms a seat': round(filled / seats),
      'acquire p50': round(median(times.acquire)),
      'acquire p99': round(quantile(times.acquire, 0.99)),
      'RPCs an acquire': round(rpcs.acquire / TURNS),
      'heartbeat p50': round(median(times.heartbeat)),
      'heartbeat p99': round(quantile(times.heartbeat, 0.99)),
      'RPCs a heartbeat': round(rpcs.heartbeat / TURNS),
      'release p50': round(median(times.release)),
      'RPCs a release': round(rpcs.release / TURNS),
      [`${CROWD.toLocaleString('en-GB')} heartbeats at once, ms`]: round(together),
      'RPCs of these': togetherRpcs,
    })),
  );
  const lines = OPERATIONS.map((name) => ({
    name,
    points: results.map(({ seats, times }) => [seats, median(times[name])] as const),
  }));
  const svg = drawLogLog({ x: 'seats taken', y: 'ms an operation, median', lines });
  report.picture(
    'Milliseconds an acquire, a heartbeat and a release take, by the number of seats that are taken',
    'growth.svg',
    svg,
  );
  report.finish();
} finally {
  await close();
}
process.exit();
