import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Claims, type Keys, keyDocument, shortHash, signedLicense } from './signing.ts';

/** A licence server that does as it is told: real HTTP, real signatures, leases of seconds, and faults on request. */
export interface Received {
  readonly path: string;
  readonly body: Claims;
  /** Milliseconds since the server was started. */
  readonly at: number;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `hang`: no answer. `reset`: the connection is cut. */
export type Fault = (request: Received) => Reply | 'hang' | 'reset' | undefined;

export interface Terms {
  seats: number;
  leaseMilliseconds: number;
  intervalSeconds: number;
  offlineSeconds: number;
  product: string;
  tier: string;
}

const time = (at: number) => new Date(at).toISOString();
const problem = (status: number, code: string, more: object = {}): Reply => ({
  status,
  body: { type: `urn:countersign:${code}`, title: code, status, code, ...more },
  headers: { 'content-type': 'application/problem+json' },
});

export async function startServer(keys: Keys) {
  const begun = performance.now();
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const sessions = new Map<string, { readonly hardware: string; expiresAt: number; readonly programs: Set<string> }>();
  const ended = new Map<string, string>();
  const terms: Terms = {
    ...{ seats: 1, leaseMilliseconds: 9_000, intervalSeconds: 1, offlineSeconds: 86_400 },
    ...{ product: 'editor', tier: 'professional' },
  };
  const state = {
    fault: undefined as Fault | undefined,
    signer: keys.first,
    /** Changes the claims of each licence before they are signed. */
    claims: {} as Claims,
    document: keyDocument(keys, [keys.first], 10, Date.now()),
    canSign: true,
  };
  let count = 0;

  const alive = () => [...sessions].filter(([, { expiresAt }]) => expiresAt > Date.now());

  function license(session: string, hardware: string, nonce: unknown, leaseEnd: number): Claims {
    const now = Date.now();
    const claims = {
      ...{ kind: 'seat', mode: 'online', license_id: 'lic_conformance00', tenant_id: 'demo', product: terms.product },
      ...{ session_id: session, tier: terms.tier, features: ['export'], max_seats: terms.seats, hardware_id: hardware },
      ...{ user_email: null, expires_at: null, offline_seconds: terms.offlineSeconds, keys_sequence: 10 },
      ...{ valid_until: time(Math.max(leaseEnd, now + terms.offlineSeconds * 1000)), signed_at: time(now) },
      ...(typeof nonce === 'string' ? { nonce } : {}),
      ...state.claims,
    };
    return signedLicense(claims, state.signer);
  }

  function acquire(body: Claims): Reply {
    const hardware = String(body['hardware_id']);
    const held = alive().find(([, session]) => session.hardware === hardware)?.[0];
    if (held === undefined && alive().length >= terms.seats)
      return problem(402, 'no_seats_available', { seats_used: alive().length, seats_total: terms.seats });
    if (!state.canSign) return { ...problem(503, 'signing_unavailable'), headers: { 'retry-after': '1' } };
    count += held === undefined ? 1 : 0;
    const id = held ?? `lic_conformance00.${shortHash(`${hardware}${count}`)}`;
    const expiresAt = Date.now() + terms.leaseMilliseconds;
    const programs = sessions.get(id)?.programs ?? new Set();
    sessions.set(id, { hardware, expiresAt, programs: programs.add(String(body['program'])) });
    const lease = { session_id: id, expires_at: time(expiresAt), heartbeat_interval_seconds: terms.intervalSeconds };
    return {
      status: held === undefined ? 201 : 200,
      body: {
        ...lease,
        ...{ seats_used: alive().length, seats_total: terms.seats },
        license_data: license(id, hardware, body['nonce'], expiresAt),
      },
    };
  }

  function heartbeat(body: Claims): Reply {
    const id = String(body['session_id']);
    const reason = ended.get(id);
    if (reason !== undefined) return problem(410, 'session_ended', { reason });
    const session = sessions.get(id);
    if (session === undefined) return problem(404, 'session_not_found');
    session.expiresAt = Date.now() + terms.leaseMilliseconds;
    session.programs.add(String(body['program']));
    const answer = { session_id: id, last_heartbeat: time(Date.now()), expires_at: time(session.expiresAt) };
    const refresh = body['refresh'];
    if (typeof refresh !== 'object' || refresh === null) return { status: 200, body: answer };
    if (!state.canSign) return { status: 200, body: { ...answer, refresh_error: 'signing_unavailable' } };
    const nonce: unknown = Reflect.get(refresh, 'nonce');
    return { status: 200, body: { ...answer, license_data: license(id, session.hardware, nonce, session.expiresAt) } };
  }

  function release(body: Claims): Reply {
    const id = String(body['session_id']);
    const session = sessions.get(id);
    if (session === undefined) return problem(404, 'session_not_found');
    session.programs.delete(String(body['program']));
    const stillHeld = session.programs.size > 0;
    if (!stillHeld) sessions.delete(id);
    const answer = { session_id: id, released_at: time(Date.now()), seats_used: alive().length };
    return { status: 200, body: { ...answer, ...(stillHeld ? { still_held: true } : {}) } };
  }

  function answer(request: Received): Reply {
    switch (request.path) {
      case '/api/v1/licenses/acquire':
        return acquire(request.body);
      case '/api/v1/licenses/heartbeat':
        return heartbeat(request.body);
      case '/api/v1/licenses/release':
        return release(request.body);
      case '/.well-known/countersign-keys.json':
        return { status: 200, body: state.document, headers: { 'cache-control': 'public, max-age=300' } };
      default:
        return problem(404, 'not_found');
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += chunk;
    const path = request.url ?? '';
    const one: Received = { path, body: text === '' ? {} : JSON.parse(text), at: performance.now() - begun };
    received.push(one);
    for (const look of waiting) look();
    const reply = state.fault?.(one) ?? answer(one);
    if (reply === 'hang') return;
    if (reply === 'reset') return void request.socket.resetAndDestroy();
    const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const type = typeof reply.body === 'string' ? 'text/html' : 'application/json';
    response.writeHead(reply.status, { 'content-type': type, ...reply.headers }).end(body);
  }

  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const of = (action: string) => received.filter(({ path }) => path.endsWith(`/${action}`));

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    keys,
    terms,
    state,
    received,
    /** Requests of one kind so far. */
    of,
    live: () => alive().length,
    /** Ends the only session, as an administrator or the reaper does. */
    end(reason: string) {
      for (const id of sessions.keys()) ended.set(id, reason);
      sessions.clear();
    },
    /** Waits until so many requests of a kind have come in all. */
    until(action: string, total: number): Promise<void> {
      return new Promise((resolve) => {
        const look = () => {
          if (of(action).length < total) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
    /** Serves a list with these keys under this number. */
    publish(listed: readonly (typeof keys.first)[], sequence: number) {
      state.document = keyDocument(keys, listed, sequence, Date.now());
    },
    close() {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export type ScriptedServer = Awaited<ReturnType<typeof startServer>>;
export const refused = problem;
