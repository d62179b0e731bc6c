/**
 * What several instances of `seats` cost one licence: 1 to 16 processes (or as many as are named) of its bundle lend 1,000
 * seats to 1,000 machines that ask at once, each of them one of the instances; then all send a heartbeat, a hundred more
 * machines ask in vain, and all release.
 *
 *     npm run bench growth-instances [instances ...]
 *
 * On the embedded stand-in for Firestore. All processes share this machine's cores, so milliseconds grow when there are more
 * processes than cores; RPCs, commits and refusals are what a licence pays for being lent by several. Exits with 1 when a
 * seat is lent twice or a request is not answered right. With `--write` it draws docs/images/growth-instances.svg, too.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf } from '#local/bundles.ts';
import { createLicense } from '#local/demonstration.ts';
import { startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';
import { built } from './built.ts';
import { OPERATIONS, type Operation, round } from './growth/meter.ts';
import { type LoadResult, post } from './http/load.ts';
import { loadsFromChild } from './http/load-from-child.ts';
import { type MeasuredProcess, startMeasured } from './http/measured-process.ts';
import { drawLogLog } from './log-log-plot.ts';
import { createReport } from './report.ts';
import { median } from './seats/storm.ts';

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [1, 2, 4, 8, 16];
const ROUNDS = 5;
const SEATS = 1_000;
const IN_VAIN = 100;
/** Of all instances together: so many requests are under way at the same time. */
const CONNECTIONS = 512;
const DIRECTORY = join(import.meta.dirname, '../.local/bench');

const report = createReport('growth-instances');
await built();
await mkdir(DIRECTORY, { recursive: true });
const stack = await startStack({ directory: DIRECTORY, port: 0, log: () => undefined });
const running: MeasuredProcess[] = [];

interface Answered {
  readonly bodies: readonly string[];
  readonly statuses: Readonly<Record<number, number>>;
  readonly rpcs: number;
  readonly commits: number;
  /** Milliseconds to the last answer. */
  readonly total: number;
  /** Microseconds, of the instance that was slowest. */
  readonly p99: number;
}

/** Each instance gets every n-th of the requests. */
async function ask(instances: readonly MeasuredProcess[], operation: Operation, bodies: readonly object[]) {
  const requests = bodies.map((body) => post(`/api/v1/licenses/${operation}`, body));
  const loads = instances.map(({ port }, at) => {
    const own = requests.filter((_, index) => index % instances.length === at);
    return {
      port,
      connections: Math.ceil(CONNECTIONS / instances.length),
      requests: own,
      count: own.length,
      keep: true,
    };
  });
  stack.recorder.forgetCalls();
  return together(await loadsFromChild(loads.filter(({ count }) => count > 0)), stack.recorder.calls());
}

function together(results: readonly LoadResult[], calls: Readonly<Record<string, number>>): Answered {
  const statuses: Record<number, number> = {};
  for (const [status, times] of results.flatMap((result) => Object.entries(result.statuses)))
    statuses[Number(status)] = (statuses[Number(status)] ?? 0) + times;
  return {
    statuses,
    bodies: results.flatMap(({ bodies }) => bodies),
    rpcs: Object.entries(calls).reduce((sum, [name, times]) => sum + (name.startsWith('firestore.') ? times : 0), 0),
    commits: calls['firestore.Commit'] ?? 0,
    total: Math.max(...results.map(({ elapsed }) => elapsed)),
    p99: Math.max(...results.map(({ p99 }) => p99)),
  };
}

const sessionsOf = ({ bodies }: Answered) => bodies.flatMap((body) => /"session_id":"([^"]+)"/.exec(body)?.[1] ?? []);

async function storm(instances: readonly MeasuredProcess[], staff: string) {
  const { license_key } = await createLicense(stack.gateway, staff, DEMO_TENANT, SEATS);
  const machines = (count: number, name: string) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ license_key, hardware_id: `${name}-${index}`, token_format: 'batch' },
    }));
  const acquire = await ask(instances, 'acquire', machines(SEATS, 'machine'));
  const sessions = [...new Set(sessionsOf(acquire))];
  const ids = sessions.map((session_id) => ({ session_id }));
  const heartbeat = await ask(instances, 'heartbeat', ids);
  const inVain = await ask(instances, 'acquire', machines(IN_VAIN, 'late'));
  const release = await ask(instances, 'release', ids);
  const wrong =
    Math.abs(SEATS - sessions.length) +
    Math.abs(sessions.length - (heartbeat.statuses[200] ?? 0)) +
    Math.abs(IN_VAIN - (inVain.statuses[402] ?? 0)) +
    Math.abs(sessions.length - (release.statuses[200] ?? 0));
  const oversold = Math.max(0, sessions.length + sessionsOf(inVain).length - SEATS);
  return { acquire, heartbeat, release, oversold, wrong };
}

async function measure(count: number, staff: string) {
  while (running.length < count) {
    const program = bundleOf(join(import.meta.dirname, '../dist'), 'seats');
    const env = { ...stack.environment('seats'), PATH: process.env['PATH'] };
    running.push(await startMeasured({ program, env, log: join(DIRECTORY, `log-seats-${running.length}`) }));
  }
  const instances = running.slice(0, count);
  await storm(instances, staff); // unmeasured: code is compiled while it runs
  const storms: Awaited<ReturnType<typeof storm>>[] = [];
  for (let turn = 0; turn < ROUNDS; turn += 1) storms.push(await storm(instances, staff));
  const of = (operation: Operation, value: (answered: Answered) => number) =>
    median(storms.map((one) => value(one[operation])));
  return {
    count,
    of,
    oversold: Math.max(...storms.map(({ oversold }) => oversold)),
    wrong: Math.max(...storms.map(({ wrong }) => wrong)),
  };
}

try {
  const staff = (await createTokens(stack))['staff'] ?? '';
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (const count of SIZES) results.push(await measure(count, staff));
  report.table(
    `${SEATS.toLocaleString('en-GB')} machines at once on as many seats of one licence, then their heartbeats, then their releases; medians of ${ROUNDS} rounds, ms to the last answer, and at 99 % of the slowest instance`,
    results.map(({ count, of, oversold, wrong }) => ({
      instances: count,
      ...Object.fromEntries(
        OPERATIONS.flatMap((name) => [
          [`${name} ms`, round(of(name, ({ total }) => total))],
          ...(name === 'acquire' ? [['acquire p99', round(of(name, ({ p99 }) => p99 / 1_000))]] : []),
          [`RPCs ${name}`, round(of(name, ({ rpcs }) => rpcs / SEATS))],
          ...(name === 'heartbeat' ? [] : [[`commits ${name}`, round(of(name, ({ commits }) => commits / SEATS))]]),
        ]),
      ),
      oversold,
      'answered wrong': wrong,
    })),
  );
  const lines = OPERATIONS.map((name) => ({
    name,
    points: results.map(({ count, of }) => [count, of(name, ({ rpcs }) => rpcs / SEATS)] as const),
  }));
  const svg = drawLogLog({ x: 'instances', y: 'RPCs a seat', lines });
  report.picture(
    'RPCs a seat of an acquire, a heartbeat and a release, by the number of instances',
    'growth-instances.svg',
    svg,
  );
  report.finish();
  process.exitCode = results.some(({ oversold, wrong }) => oversold + wrong > 0) ? 1 : 0;
} finally {
  for (const server of running) await server.stop();
  await stack.close();
}
process.exit();
