/**
 * What a seat costs when all clients acquire at once: ours beside the designs that it replaces, in one run.
 *
 *     npm run bench seats [rounds [quick]]   (quick leaves out (a) and (b), which take minutes)
 *
 * Everything is on loopback: Google's Firestore emulator, PostgreSQL and Redis where they are installed (Debian:
 * google-cloud-cli-firestore-emulator, postgresql, redis-server), SQLite through Node's own module, and the embedded
 * stand-in for Firestore. Contenders
 * take turns, so that what slows the machine down slows them all, and each round has a fresh licence. Milliseconds of an
 * emulator do not predict those of the service; requests and commits do.
 */
import { createReport, type Target } from './report.ts';
import { createCounter } from './seats/counter.ts';
import { startEmbedded, startEmulator } from './seats/firestore-servers.ts';
import { heartbeats } from './seats/heartbeats.ts';
import { overHttp } from './seats/http.ts';
import { createOurs } from './seats/ours.ts';
import { createRowLock, createStoredFunction, startPostgres } from './seats/postgres.ts';
import { createLuaScript, startRedis } from './seats/redis.ts';
import { createSingle } from './seats/single.ts';
import { createSqlite, startSqlite } from './seats/sqlite.ts';
import { type Contender, type Scenario, type Storm, type Summary, storm, summarise } from './seats/storm.ts';

/** Five, or as many as are asked for. */
const ROUNDS = Number(process.argv[2] ?? 5);
const QUICK = process.argv[3] === 'quick';
/** Clients that wait longer for a seat in (a) and (b) count as failed. */
const BOUND = 60_000;

const cold = (clients: number): Scenario => ({ clients, seats: clients, taken: 0 });
const full = (clients: number): Scenario => ({ clients, seats: clients, taken: clients * 0.95 });
const SCENARIOS: readonly Scenario[] = [cold(100), cold(1_000), full(100), full(1_000)];
/** Twice as many as there are seats. */
const CROWD: Scenario = { clients: 2_000, seats: 1_000, taken: 0 };

const NAMES = {
  counter: 'a  one counter, runTransaction',
  single: 'b  a commit a seat',
  ours: 'c  ours',
  four: "c' ours, 4 instances",
  embedded: "c'' ours, on the embedded stand-in",
  rowLock: 'd  PostgreSQL, row lock',
  stored: "d' PostgreSQL, stored function",
  redis: 'e  Redis, Lua, AOF always',
  sqlite: 'f  SQLite, WAL, synced',
} as const;

const label = ({ clients, seats, taken }: Scenario) => `${clients} on ${seats - taken} of ${seats}`;
const round = (value: number | undefined, digits = 1) =>
  value === undefined || !Number.isFinite(value) ? '-' : Number(value.toFixed(digits));

/** The contenders take turns. */
async function compete(contenders: readonly Contender[], scenario: Scenario, rounds: number): Promise<Summary[]> {
  const storms = new Map<string, Storm[]>(contenders.map(({ name }) => [name, []]));
  for (let turn = 0; turn < rounds; turn += 1) {
    for (const contender of contenders) storms.get(contender.name)?.push(await storm(contender, scenario));
  }
  return contenders.map(({ name }) => summarise(name, scenario, storms.get(name) ?? []));
}

function print(summaries: readonly Summary[]): readonly Summary[] {
  report.table(
    summaries.map(({ scenario }) => label(scenario))[0] ?? '',
    summaries.map((row) => ({
      way: row.name,
      granted: row.granted,
      refused: row.refused,
      failed: row.failed,
      oversold: row.oversold,
      'total ms': round(row.total),
      fastest: round(row.fastest),
      slowest: round(row.slowest),
      p50: round(row.p50),
      p99: round(row.p99),
      'RPCs/seat': round(row.rpcsPerSeat, 2),
      'commits/seat': round(row.commitsPerSeat, 3),
      rounds: row.rounds,
    })),
  );
  return summaries;
}

function printRefusals(refusals: Readonly<Record<string, number>>): void {
  for (const [refusal, times] of Object.entries(refusals)) console.log(`refused ${times} x ${refusal}`);
}

const verdict = (target: string, measured: number | undefined, met: (value: number) => boolean, unit = ''): Target =>
  measured === undefined
    ? { target, measured: '-', met: 'not measured' }
    : { target, measured: `${measured.toFixed(measured < 1 ? 3 : 1)}${unit}`, met: met(measured) ? 'yes' : 'no' };

function verdicts(all: readonly Summary[]): Target[] {
  const find = (name: string, scenario: Scenario) =>
    all.find((row) => row.name === name && label(row.scenario) === label(scenario));
  const times = (name: string, scenario: Scenario) => {
    const [other, ours] = [find(name, scenario), find(NAMES.ours, scenario)];
    return other && ours && other.total / ours.total;
  };
  /** Milliseconds a seat granted; of a way that granted none in all that time, at least so many. */
  const perSeat = (row: Summary) => row.total / Math.max(1, row.granted);
  const timesPerSeat = (name: string, scenario: Scenario) => {
    const [other, ours] = [find(name, scenario), find(NAMES.ours, scenario)];
    return other && ours && perSeat(other) / perSeat(ours);
  };
  const sound = all.filter(({ name }) => name === NAMES.ours || name === NAMES.four || name === NAMES.embedded);
  const wrong = sound.filter(({ scenario: { clients, seats, taken }, ...row }) => {
    const granted = Math.min(clients, seats - taken);
    return row.granted !== granted || row.refused !== clients - granted || row.oversold > 0;
  });
  return [
    verdict('ours: storms not answered exactly right', wrong.length, (value) => value === 0),
    verdict(
      '100 on 100: faster to the last answer than (a)',
      times(NAMES.counter, cold(100)),
      (x) => x >= 100,
      ' x, at least 100',
    ),
    verdict(
      '1,000 on 1,000: faster a seat than (a)',
      timesPerSeat(NAMES.counter, cold(1_000)),
      (x) => x >= 100,
      ' x, at least 100',
    ),
    verdict('100 on 100: no slower than (d)', times(NAMES.rowLock, cold(100)), (x) => x >= 1, ' x, at least 1'),
    verdict('1,000 on 1,000: no slower than (d)', times(NAMES.rowLock, cold(1_000)), (x) => x >= 1, ' x, at least 1'),
    verdict('1,000 on 1,000: commits a seat', find(NAMES.ours, cold(1_000))?.commitsPerSeat, (x) => x <= 0.1),
  ];
}

const report = createReport('seats');
process.env['METADATA_SERVER_DETECTION'] = 'none';
const [emulator, embedded, postgres, redis, sqlite] = await Promise.all([
  startEmulator(),
  startEmbedded(),
  startPostgres(),
  startRedis(),
  startSqlite(),
]);
const { name, host } = emulator ?? embedded;
// Where the handwritten client finds it.
process.env['FIRESTORE_EMULATOR_HOST'] = host;
try {
  if (emulator === undefined) console.log("skipped: Google's Firestore emulator is not installed; (a) and (b) need it");
  if (postgres === undefined) console.log('skipped: PostgreSQL is not installed (Debian: postgresql)');
  if (redis === undefined) console.log('skipped: Redis is not installed (Debian: redis-server)');
  console.log(`(a), (b), (c) and (c') run on ${name}`);
  const ours = [
    createOurs({ name: NAMES.ours, host, instances: 1 }),
    createOurs({ name: NAMES.four, host, instances: 4 }),
    createOurs({ name: NAMES.embedded, host: embedded.host, instances: 1 }),
  ];
  const single = createSingle(NAMES.single, host);
  const others = [
    ...(postgres ? [createRowLock(NAMES.rowLock, postgres), createStoredFunction(NAMES.stored, postgres)] : []),
    ...(redis ? [createLuaScript(NAMES.redis, redis)] : []),
    createSqlite(NAMES.sqlite, sqlite),
  ];
  // Unmeasured warm-up: the emulator's Java and our own code are compiled while they run.
  await compete(ours, cold(1_000), 3);
  await compete([...ours, ...(QUICK ? [] : [single]), ...others], cold(100), 2);

  console.log(`Node ${process.version}, medians; (a) and (b) for ${BOUND / 1000} s at the most`);
  const all: Summary[] = [];
  for (const scenario of SCENARIOS) all.push(...print(await compete([...ours, ...others], scenario, ROUNDS)));
  all.push(...print(await compete(ours, CROWD, ROUNDS)));
  const [ourHeartbeats, raw] = await heartbeats(host, 1_000, ROUNDS);
  report.table(
    'Heartbeats of all sessions at once',
    [ourHeartbeats, raw].map(({ way, sessions, total, rpcs }) => ({
      ...{ way, sessions, 'total ms': round(total), 'heartbeats/s': round((sessions / total) * 1000, 0) },
      RPCs: rpcs,
    })),
  );
  const http = await overHttp(host, 1_000, ROUNDS);
  report.table('Over HTTP, with RSA-4096 signatures of the local KMS; clients and all functions in one process', [
    {
      ...{ clients: http.clients, granted: http.granted, 'total ms': round(http.total) },
      ...{
        'RSA alone ms': round(http.rsa),
        'share that is not RSA': `${Math.round((1 - http.rsa / http.total) * 100)} %`,
      },
      ...{ 'Firestore RPCs': http.firestoreRpcs, commits: http.commits, signatures: http.signatures },
      ...{
        'heartbeats/s': round((http.clients / http.heartbeats) * 1000, 0),
        'RPCs of the heartbeats': http.heartbeatRpcs,
      },
    },
  ]);
  printRefusals(http.refusals);
  // Last and once, since requests that they give up keep running in the emulator for a while, with their locks.
  for (const contender of emulator === undefined || QUICK ? [] : [single, createCounter(NAMES.counter)]) {
    for (const scenario of [cold(100), full(100), cold(1_000)]) {
      all.push(...print([summarise(contender.name, scenario, [await storm(contender, scenario, BOUND)])]));
    }
  }
  report.targets([
    ...verdicts(all),
    verdict(
      'heartbeats: faster than an `update` each',
      raw.total / ourHeartbeats.total,
      (x) => x >= 3,
      ' x, at least 3',
    ),
    verdict('over HTTP: granted of 1,000', http.granted, (x) => x === http.clients),
  ]);
  report.finish();
} finally {
  await Promise.all([emulator?.close(), embedded.close(), postgres?.close(), redis?.close(), sqlite.close()]);
}
process.exit();
