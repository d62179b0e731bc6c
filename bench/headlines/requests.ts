import { join } from 'node:path';
import { get, type LoadResult, post } from '../http/load.ts';
import { loadFromChild } from '../http/load-from-child.ts';
import { type MeasuredProcess, startMeasured } from '../http/measured-process.ts';
import type { Column, Headline, Samples } from './samples.ts';
import type { Side } from './side.ts';

const CONNECTIONS = 64;
/** Machines of the licence, each with a seat. */
export const MACHINES = 500;
const HEARTBEATS = 5_000;
const SIGNATURES = 200;
const ACQUIRE = '/api/v1/licenses/acquire';
const HEARTBEAT = '/api/v1/licenses/heartbeat';
const RELEASE = '/api/v1/licenses/release';
const SIGN = '/api/v1/licenses/sign';
const JWKS = '/.well-known/jwks.json';
const SIGNED = { tenant_id: 'acme', product: 'editor', tier: 'professional', features: ['export', 'api'] };

/** Servers that do nothing but answer: one parses JSON and answers JSON, one sends a text that it has. */
export interface BareServers {
  readonly json: MeasuredProcess;
  readonly text: MeasuredProcess;
}

/** They send what the side's functions send for a heartbeat and for the key set. */
export async function startBare(side: Side, directory: string): Promise<BareServers & { stop(): Promise<void> }> {
  const { sessions } = await acquire(side);
  const beat = post(HEARTBEAT, { session_id: sessions[0] });
  const json = await startWith(join(directory, 'log-bare-json'), 'http/bare.ts', side.seats, HEARTBEAT, beat);
  await release(side, sessions);
  const text = await startWith(join(directory, 'log-bare-text'), 'public-keys.ts', side.keys, JWKS);
  return { json, text, stop: async () => void (await Promise.all([json.stop(), text.stop()])) };
}

async function startWith(log: string, program: string, server: MeasuredProcess, path: string, request?: string) {
  const body = request?.slice(request.indexOf('\r\n\r\n') + 4);
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    ...(body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body }),
  });
  const own = ['connection', 'date', 'keep-alive', ...(body === undefined ? [] : ['content-length'])];
  const headers = JSON.stringify(Object.fromEntries([...response.headers].filter(([name]) => !own.includes(name))));
  const kind = body === undefined ? ['bare', ''] : ['node'];
  return startMeasured({
    program: join(import.meta.dirname, '..', program),
    args: [...kind, headers, await response.text()],
    env: { PATH: process.env['PATH'] },
    log,
  });
}

async function ask(server: MeasuredProcess, requests: readonly string[], count = requests.length) {
  await server.begin();
  const result = await loadFromChild({ port: server.port, connections: CONNECTIONS, requests, count, keep: true });
  const { cpu } = await server.end();
  refuseRefusals(result, count);
  return { cpu: cpu / count, rate: (count * 1000) / result.elapsed, bodies: result.bodies };
}

/** A side that refuses is not faster for it. */
function refuseRefusals({ statuses, refusals }: LoadResult, count: number): void {
  const refused = Object.keys(refusals).reduce((sum, status) => sum + (statuses[Number(status)] ?? 0), 0);
  if (refused > count / 100) throw new Error(`${refused} of ${count} refused: ${JSON.stringify(refusals)}`);
}

const machines = (license_key: string) =>
  Array.from({ length: MACHINES }, (_, index) =>
    post(ACQUIRE, {
      ...{ license_key, hardware_id: `machine-${index}`, hostname: 'workstation-17', token_format: 'batch' },
    }),
  );

async function acquire({ seats, licenseKey }: Side) {
  const asked = await ask(seats, machines(licenseKey));
  return { ...asked, sessions: asked.bodies.flatMap((body) => /"session_id":"([^"]+)"/.exec(body)?.[1] ?? []) };
}

const release = ({ seats }: Side, sessions: readonly string[]) =>
  ask(
    seats,
    sessions.map((session_id) => post(RELEASE, { session_id })),
  );

const heartbeats = (sessions: readonly string[]) => sessions.map((session_id) => post(HEARTBEAT, { session_id }));

const signatures = (token: string) =>
  Array.from({ length: SIGNATURES }, (_, number) =>
    post(SIGN, { payload: { ...SIGNED, number }, token_format: 'signed-json' }, token),
  );

type Asked = Pick<Awaited<ReturnType<typeof ask>>, 'cpu' | 'rate'>;

/** What a request costs the process that answers it, and how many are answered a second. */
function addAsked(samples: Samples, request: string, baseline: string, column: Column, { cpu, rate }: Asked): void {
  const headline = (name: string): Headline => ({ name: `${request}, ${name}`, baseline });
  samples.add(headline('CPU µs'), column, cpu);
  samples.add({ ...headline('answers/s'), more: true }, column, rate);
}

const JSON_SERVER = 'bare node:http that parses and sends JSON';
const TEXT_SERVER = 'bare node:http that sends the same bytes';
const NAMES = { acquire: 'acquire, batch format', heartbeat: 'heartbeat', release: 'release', sign: 'sign' } as const;
const KEY_SET = 'key set';

export async function measureRequests(samples: Samples, column: Column, side: Side): Promise<void> {
  const add = (request: string, asked: Asked, baseline = JSON_SERVER) =>
    addAsked(samples, request, baseline, column, asked);
  const acquired = await acquire(side);
  add(NAMES.acquire, acquired);
  add(NAMES.heartbeat, await ask(side.seats, heartbeats(acquired.sessions), HEARTBEATS));
  add(NAMES.release, await release(side, acquired.sessions));
  add(NAMES.sign, await ask(side.signing, signatures(side.serviceToken)));
  add(KEY_SET, await ask(side.keys, [get(JWKS)], HEARTBEATS), TEXT_SERVER);
}

export async function measureBare(samples: Samples, { json, text }: BareServers): Promise<void> {
  const sessions = Array.from({ length: MACHINES }, (_, index) => `${index}`.padStart(60, 's'));
  const plain = await ask(json, heartbeats(sessions), HEARTBEATS);
  for (const request of Object.values(NAMES)) addAsked(samples, request, JSON_SERVER, 'baseline', plain);
  addAsked(samples, KEY_SET, TEXT_SERVER, 'baseline', await ask(text, [get(JWKS)], HEARTBEATS));
}
