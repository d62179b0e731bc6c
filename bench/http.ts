/**
 * What a request costs the process that answers it: acquire, heartbeat, release, signing and the public keys, each through
 * one function's bundle in a process of its own, beside a bare node:http server and a bare functions-framework that parse
 * the same JSON and send the same answer.
 *
 *     npm run bench http [rounds]
 *
 * CPU time and allocations are the process's own; clients, Firestore's stand-in and KMS's share the other core. The
 * servers take turns, round by round.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf } from '#local/bundles.ts';
import { createLicense } from '#local/demonstration.ts';
import { freePort } from '#local/free-port.ts';
import { startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';
import { built } from './built.ts';
import { get, post } from './http/load.ts';
import { loadFromChild } from './http/load-from-child.ts';
import { type MeasuredProcess, startMeasured } from './http/measured-process.ts';
import { createReport } from './report.ts';
import { median } from './seats/storm.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const CONNECTIONS = 64;
const SEATS = 500;
const HEARTBEATS = 5_000;
const SIGNATURES = 200;
const DIRECTORY = join(import.meta.dirname, '../.local/bench');

interface Row {
  readonly request: string;
  readonly server: string;
  readonly rates: number[];
  readonly cpu: number[];
  readonly allocated: number[];
  readonly p50: number[];
  readonly p99: number[];
  refused: number;
}

const rows = new Map<string, Row>();
/** Answers that were no success, by what was asked, status and code. */
const refusals = new Map<string, number>();

function rowOf(request: string, server: string): Row {
  const key = `${request} ${server}`;
  const row = rows.get(key) ?? { request, server, rates: [], cpu: [], allocated: [], p50: [], p99: [], refused: 0 };
  rows.set(key, row);
  return row;
}

interface Asked {
  readonly requests: readonly string[];
  readonly count: number;
  readonly keep?: boolean;
}

/** @param row undefined for a run that is not counted */
async function run(server: MeasuredProcess, row: Row | undefined, { requests, count, keep = false }: Asked) {
  await server.begin();
  const result = await loadFromChild({ port: server.port, connections: CONNECTIONS, requests, count, keep });
  const { cpu, allocated } = await server.end();
  if (row !== undefined) {
    row.rates.push((count * 1000) / result.elapsed);
    row.cpu.push(cpu / count);
    row.allocated.push(allocated / count);
    row.p50.push(result.p50);
    row.p99.push(result.p99);
    for (const [status, body] of Object.entries(result.refusals)) {
      const times = result.statuses[Number(status)] ?? 0;
      row.refused += times;
      const name = `${row.request}: ${status} ${codeOf(body)}`;
      refusals.set(name, (refusals.get(name) ?? 0) + times);
    }
  }
  return result;
}

function codeOf(body: string): string {
  return /"code":"(\w+)"/.exec(body)?.[1] ?? body.slice(0, 60);
}

const report = createReport('http');
await built();
await mkdir(DIRECTORY, { recursive: true });
const stack = await startStack({ directory: DIRECTORY, port: 0, log: () => undefined });
const running: MeasuredProcess[] = [];

async function start(program: string, env: Readonly<Record<string, string | undefined>>, args: string[] = []) {
  const port = await freePort();
  const log = join(DIRECTORY, `log-${port}`);
  const server = await startMeasured({ program, args, port, env: { ...env, PATH: process.env['PATH'] }, log });
  running.push(server);
  return server;
}

const bundle = (name: string, env: Record<string, string> = {}) =>
  start(bundleOf(join(import.meta.dirname, '../dist'), name), { ...stack.environment(name), ...env });

/** The headers and the body that a function has answered, for a bare server to send. */
async function asAnswered(server: MeasuredProcess, path: string, body: object): Promise<[string, string]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const own = ['connection', 'date', 'keep-alive', 'content-length'];
  const headers = [...response.headers].filter(([name]) => !own.includes(name));
  return [JSON.stringify(Object.fromEntries(headers)), await response.text()];
}

const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';
const SIGN = '/api/v1/licenses/sign';
const JWKS = '/.well-known/jwks.json';

try {
  const tokens = await createTokens(stack);
  const { license_key } = await createLicense(stack.gateway, tokens['staff'] ?? '', DEMO_TENANT, 2 * SEATS);
  const seats = await bundle('seats');
  const signing = await bundle('license-signing', { RATE_LIMIT_PER_HOUR: '1000000' });
  const keys = await bundle('public-keys');

  const acquire = async (row: Row | undefined, token_format: string) => {
    const requests = Array.from({ length: SEATS }, (_, index) =>
      post(ACQUIRE, { license_key, hardware_id: `machine-${index}`, hostname: 'workstation-17', token_format }),
    );
    const { bodies } = await run(seats, row, { requests, count: SEATS, keep: true });
    return bodies.flatMap((body) => /"session_id":"([^"]+)"/.exec(body)?.[1] ?? []);
  };
  const heartbeat = (row: Row | undefined, sessions: readonly string[]) =>
    run(seats, row, {
      requests: sessions.map((session_id) => post(HEARTBEAT, { session_id })),
      count: HEARTBEATS,
    });
  const release = (row: Row | undefined, sessions: readonly string[]) =>
    run(seats, row, {
      requests: sessions.map((session_id) => post(RELEASE, { session_id })),
      count: sessions.length,
    });

  const first = await acquire(undefined, 'batch');
  const [headers, answer] = await asAnswered(seats, HEARTBEAT, { session_id: first[0] });
  const bareProgram = join(import.meta.dirname, 'http/bare.ts');
  const bare = await start(bareProgram, {}, ['node', headers, answer]);
  const framework = await start(bareProgram, {}, ['framework', headers, answer]);
  const beat = { requests: first.map((session_id) => post(HEARTBEAT, { session_id })), count: HEARTBEATS };
  await heartbeat(undefined, first);
  await release(undefined, first);

  const signed = { tenant_id: 'acme', product: 'editor', tier: 'professional', features: ['export', 'api'] };
  const sign = {
    requests: Array.from({ length: SIGNATURES }, (_, index) =>
      post(SIGN, { payload: { ...signed, number: index }, token_format: 'signed-json' }, tokens['service']),
    ),
    count: SIGNATURES,
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    await run(bare, rowOf('heartbeat', 'bare node:http'), beat);
    await run(framework, rowOf('heartbeat', 'bare functions-framework'), beat);
    const sessions = await acquire(rowOf('acquire, batch', 'seats'), 'batch');
    await heartbeat(rowOf('heartbeat', 'seats'), sessions);
    await release(rowOf('release', 'seats'), sessions);
    await run(signing, rowOf('sign', 'license-signing'), sign);
    await run(keys, rowOf('key set', 'public-keys'), { requests: [get(JWKS)], count: HEARTBEATS });
    await run(keys, rowOf('key set, the ordinary way', 'public-keys'), {
      requests: [get(`${JWKS}?`)],
      count: HEARTBEATS,
    });
  }

  const base = rowOf('heartbeat', 'bare node:http');
  const ratio = (of: readonly number[], to: readonly number[]) => median(of.map((value, at) => value / (to[at] ?? 1)));
  report.table(
    `${CONNECTIONS} connections, medians of ${ROUNDS} rounds`,
    [...rows.values()].map((row) => ({
      request: row.request,
      server: row.server,
      'answers/s': Math.round(median(row.rates)),
      slowest: Math.round(Math.min(...row.rates)),
      fastest: Math.round(Math.max(...row.rates)),
      'p50 µs': Math.round(median(row.p50)),
      'p99 µs': Math.round(median(row.p99)),
      'CPU µs': Number(median(row.cpu).toFixed(1)),
      'KB allocated': Number((median(row.allocated) / 1000).toFixed(1)),
      'of the bare rate': Number(ratio(row.rates, base.rates).toFixed(2)),
      'CPU of bare / own': Number(ratio(base.cpu, row.cpu).toFixed(2)),
      refused: row.refused,
    })),
  );
  for (const [name, times] of refusals) console.log(`refused ${times} x ${name}`);
  report.finish();
} finally {
  for (const server of running) await server.stop();
  await stack.close();
}
process.exit();
