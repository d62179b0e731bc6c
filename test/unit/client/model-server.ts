import type { Bytes } from '../../../client/src/encoding.ts';
import type { PublicKey } from '../../../client/src/keys/public-key.ts';
import { canonicalJson } from '../../../shared/license-format/canonical-json.ts';

/** The licence server as a client sees it, in a process and in simulated time. Signatures are a checksum. */
export interface ModelSession {
  readonly id: string;
  readonly hardware: string;
  expiresAt: number;
  borrowedUntil?: number;
  /** When each program of the machine was last heard of. */
  readonly programs: Map<string, number>;
}

export interface ModelRequest {
  readonly license_key?: string;
  readonly hardware_id?: string;
  readonly session_id?: string;
  readonly program?: string;
  readonly nonce?: string;
  readonly refresh?: { readonly nonce: string };
  readonly borrow_seconds?: number;
  readonly queue?: { readonly max_wait_seconds: number };
  readonly ticket_id?: string;
}

export interface ModelAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter?: string;
}

export interface ModelServer {
  readonly sessions: ReadonlyMap<string, ModelSession>;
  /** How many sessions there are of a licence. */
  used(license: string): number;
  handle(path: string, body: ModelRequest): ModelAnswer;
  /** What goes wrong: everything, signatures alone, or nothing. */
  fault: 'down' | 'signing' | undefined;
  rotate(): void;
  end(session: string, reason: string): void;
}

/** The model server, and what a test looks at or asks of it beside. */
export interface InspectedServer extends ModelServer {
  /** Machines that wait, in their order. */
  readonly queue: readonly string[];
  /** Signs claims anew, as an administrator's licence file has them. */
  sign(claims: object): unknown;
}

export interface ModelLicense {
  readonly seats: number;
  readonly leaseSeconds: number;
  readonly offlineSeconds: number;
  expiresAt: number;
  status?: 'active' | 'suspended';
  borrow?: { readonly maxSeconds: number; readonly earlyReturn: boolean };
  /** How many may wait. */
  queueLength?: number;
}

/** A lease counts as over only this much after its end, as on the server. */
const GRACE = 5_000;
const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
/** Long enough to be taken for a modulus. */
const MODULUS = Buffer.alloc(512, 0xc1).toString('base64url');

function checksum(text: string | Bytes): string {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

const signatureOf = (keyVersion: string, text: string | Bytes) => Buffer.from(`${keyVersion}:${checksum(text)}`);

/** What a client of the model server has in place of WebCrypto. */
export const checkModelSignature = async (key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> =>
  signatureOf(key.keyVersion ?? '', message).equals(signature);

export function createModelServer(
  now: () => number,
  licenses: Readonly<Record<string, ModelLicense>>,
): InspectedServer {
  const sessions = new Map<string, ModelSession & { readonly license: string }>();
  const holders = new Map<string, string>();
  const ended = new Map<string, string>();
  let waiting: string[] = [];
  let key = 1;
  let count = 0;

  const time = (at: number) => new Date(at).toISOString();
  const counts = new Map<string, number>();
  const used = (license: string) => counts.get(license) ?? 0;
  function end(id: string, reason: string): void {
    const session = sessions.get(id);
    if (session === undefined) return;
    sessions.delete(id);
    counts.set(session.license, used(session.license) - 1);
    holders.delete(`${session.license}/${session.hardware}`);
    ended.set(id, reason);
  }
  function sign(claims: Record<string, unknown>) {
    const keyVersion = `model.${key}`;
    const stamped = { ...claims, signed_at: time(now()), key_version: keyVersion, signature_algorithm: ALGORITHM };
    return { ...stamped, signature: signatureOf(keyVersion, canonicalJson(stamped) ?? '').toString('base64') };
  }
  function place(hardware: string, most: number): ModelAnswer {
    if (!waiting.includes(hardware)) {
      if (waiting.length >= most) return { status: 402, body: { code: 'queue_full' } };
      waiting.push(hardware);
    }
    const position = waiting.indexOf(hardware) + 1;
    return {
      status: 202,
      body: {
        ticket_id: `ticket of ${hardware}`,
        position,
        position_exact: true,
        queue_length: waiting.length,
        poll_after_seconds: Math.min(30, 1 + position),
        wait_until: time(now() + 3_600_000),
      },
    };
  }
  function borrow(name: string, body: ModelRequest): ModelAnswer {
    const terms = licenses[name]?.borrow;
    if (terms === undefined) return { status: 403, body: { code: 'borrow_not_allowed' } };
    const seconds = body.borrow_seconds ?? terms.maxSeconds;
    if (seconds > terms.maxSeconds) {
      return { status: 403, body: { code: 'borrow_too_long', max_seconds: terms.maxSeconds } };
    }
    const hardware = body.hardware_id ?? '';
    const old = sessions.get(holders.get(`${name}/${hardware}`) ?? '');
    if (old !== undefined && old.borrowedUntil === undefined) end(old.id, 'borrowed');
    const until = Math.max(now() + seconds * 1000, old?.borrowedUntil ?? 0);
    return acquire(name, hardware, body.program ?? '', body.nonce ?? '', { until });
  }
  function acquire(
    name: string,
    hardware: string,
    program: string,
    nonce: string,
    { until, queues = false }: { readonly until?: number; readonly queues?: boolean } = {},
  ): ModelAnswer {
    const license = licenses[name];
    if (license === undefined) return { status: 404, body: { code: 'license_not_found' } };
    if (license.status === 'suspended') return { status: 403, body: { code: 'license_suspended' } };
    if (license.expiresAt <= now()) return { status: 403, body: { code: 'license_expired' } };
    const holder = `${name}/${hardware}`;
    let id = holders.get(holder);
    const status = id === undefined ? 201 : 200;
    if (id === undefined) {
      if (used(name) >= license.seats) {
        const expired = [...sessions.values()].find((one) => one.license === name && one.expiresAt + GRACE < now());
        const most = license.queueLength ?? 0;
        if (expired === undefined && queues && most > 0) return place(hardware, most);
        if (expired === undefined) {
          const body = { code: 'no_seats_available', seats_used: used(name), seats_total: license.seats };
          return { status: 402, body };
        }
        end(expired.id, 'reclaimed');
      }
      if (waiting.length > 0 && waiting[0] !== hardware) {
        return queues
          ? place(hardware, license.queueLength ?? 0)
          : { status: 402, body: { code: 'no_seats_available' } };
      }
      waiting = waiting.filter((one) => one !== hardware);
      count += 1;
      id = `session-${count}`;
      holders.set(holder, id);
      counts.set(name, used(name) + 1);
      sessions.set(id, { id, license: name, hardware, expiresAt: 0, programs: new Map() });
    }
    const session = sessions.get(id);
    if (session === undefined) throw new Error('a holder without a session');
    if (session.borrowedUntil !== undefined && session.borrowedUntil <= now()) delete session.borrowedUntil;
    if (until !== undefined) session.borrowedUntil = until;
    session.expiresAt = Math.max(session.expiresAt, session.borrowedUntil ?? now() + license.leaseSeconds * 1000);
    session.programs.set(program, now());
    if (server.fault === 'signing') return { status: 503, body: { code: 'signing_unavailable' }, retryAfter: '5' };
    return {
      status,
      body: {
        session_id: id,
        expires_at: time(session.expiresAt),
        heartbeat_interval_seconds: license.leaseSeconds / 3,
        seats_used: used(name),
        seats_total: license.seats,
        ...(session.borrowedUntil === undefined ? {} : { borrowed_until: time(session.borrowedUntil) }),
        license_data: licenseOf(session, nonce),
      },
    };
  }

  function licenseOf(
    { id, license: name, hardware, expiresAt, borrowedUntil }: ModelSession & { readonly license: string },
    nonce: string,
  ) {
    const license = licenses[name];
    if (license === undefined) throw new Error('a session without a licence');
    return sign({
      kind: 'seat',
      product: 'default',
      nonce,
      session_id: id,
      hardware_id: hardware,
      features: ['export'],
      expires_at: time(license.expiresAt),
      offline_seconds: license.offlineSeconds,
      ...(borrowedUntil === undefined ? { mode: 'online' } : { mode: 'borrowed', borrowed_until: time(borrowedUntil) }),
      valid_until: time(
        borrowedUntil ?? Math.min(license.expiresAt, Math.max(expiresAt, now() + license.offlineSeconds * 1000)),
      ),
    });
  }

  function known(id: string, act: (session: ModelSession & { readonly license: string }) => ModelAnswer): ModelAnswer {
    const session = sessions.get(id);
    if (session !== undefined) return act(session);
    const reason = ended.get(id);
    if (reason === undefined) return { status: 404, body: { code: 'session_not_found' } };
    return { status: 410, body: { code: 'session_ended', reason } };
  }

  /** Clients send a key in its one spelling. */
  const named = (key: string) => Object.keys(licenses).find((name) => name.toUpperCase() === key) ?? key;

  const server: InspectedServer = {
    sessions,
    sign: (claims) => {
      const { signature: _signature, ...unsigned }: Record<string, unknown> = { ...claims };
      return sign(unsigned);
    },
    get queue() {
      return waiting;
    },
    used,
    fault: undefined,
    end,
    rotate() {
      key += 1;
    },
    handle(path, body) {
      if (server.fault === 'down') return { status: 503, body: { code: 'dependency_unavailable' }, retryAfter: '5' };
      const id = body.session_id ?? '';
      const program = body.program ?? '';
      switch (path) {
        case '/api/v1/public-keys': {
          const versions = [key - 2, key - 1, key, key + 1]
            .filter((version) => version > 0)
            .map((version) => `model.${version}`);
          const keys = versions.map((v) => ({
            key_version: v,
            kid: v,
            algorithm: ALGORITHM,
            kty: 'RSA',
            n: MODULUS,
            e: 'AQAB',
          }));
          return { status: 200, body: { keys } };
        }
        case '/api/v1/licenses/acquire':
          return acquire(named(body.license_key ?? ''), body.hardware_id ?? '', program, body.nonce ?? '', {
            queues: body.queue !== undefined,
          });
        case '/api/v1/licenses/borrow':
          return borrow(named(body.license_key ?? ''), body);
        case '/api/v1/licenses/queue/leave':
          waiting = waiting.filter((hardware) => body.ticket_id !== `ticket of ${hardware}`);
          return { status: 200, body: { ticket_id: body.ticket_id, left_at: time(now()) } };
        case '/api/v1/licenses/heartbeat':
          return known(id, (session) => {
            const lease = (licenses[session.license]?.leaseSeconds ?? 0) * 1000;
            session.expiresAt = Math.max(session.expiresAt, now() + lease);
            session.programs.set(program, now());
            const refresh = body.refresh;
            const signed =
              refresh === undefined
                ? {}
                : server.fault === 'signing'
                  ? { refresh_error: 'signing_unavailable' }
                  : { license_data: licenseOf(session, refresh.nonce) };
            return {
              status: 200,
              body: { session_id: id, last_heartbeat: time(now()), expires_at: time(session.expiresAt), ...signed },
            };
          });
        case '/api/v1/licenses/release':
          return known(id, (session) => {
            const answer = { session_id: id, released_at: time(now()), seats_used: 0 };
            if (session.borrowedUntil !== undefined && session.borrowedUntil > now()) {
              const { borrowedUntil } = session;
              if (licenses[session.license]?.borrow?.earlyReturn !== true) {
                const body = { code: 'early_return_not_allowed', borrowed_until: time(borrowedUntil) };
                return { status: 409, body };
              }
              end(id, 'released');
              return { status: 200, body: answer };
            }
            session.programs.delete(program);
            const recent = now() - ((licenses[session.license]?.leaseSeconds ?? 0) * 1000 * 2) / 3;
            if ([...session.programs.values()].some((heard) => heard >= recent)) {
              return { status: 200, body: { ...answer, still_held: true } };
            }
            end(id, 'released');
            return { status: 200, body: answer };
          });
        default:
          return { status: 404, body: { code: 'not_found' } };
      }
    },
  };
  return server;
}
