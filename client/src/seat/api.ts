import { asObject, type JsonObject, numberOf, parseObject, textOf } from '../json.ts';
import { parseTime } from '../license/times.ts';
import type { Platform } from '../platform/platform.ts';

/** An HTTP answer with nothing read into it yet. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly date?: string | undefined;
  readonly retryAfter?: string | undefined;
}

/** Posts JSON. @throws whatever goes wrong on the way */
export type Post = (path: string, body: string) => Promise<Reply>;

/** Nothing certain: try again later. Also what a captive portal or a proxy answers in the server's place. */
export interface Unavailable {
  readonly kind: 'unavailable';
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  readonly cause: unknown;
}

export interface Granted {
  readonly kind: 'granted';
  readonly sessionId: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly leaseEndsAt: number;
  /** Milliseconds between heartbeats. */
  readonly interval: number;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  /** `license_data` or `license_token`, not verified. */
  readonly license: unknown;
}

const REFUSALS = [
  'no_seats_available',
  'license_expired',
  'license_suspended',
  'license_not_found',
  'invalid_request',
] as const;
export type Refusal = (typeof REFUSALS)[number];

export interface Refused {
  readonly kind: 'refused';
  readonly code: Refusal;
  readonly detail?: string | undefined;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
}

export type AcquireResult = Granted | Refused | Unavailable;
export type HeartbeatResult =
  | { readonly kind: 'renewed'; readonly at: number; readonly leaseEndsAt: number }
  | { readonly kind: 'ended'; readonly reason: string }
  | Unavailable;

/** The three calls. None of them throws: what goes wrong is an answer. */
export interface SeatApi {
  acquire(request: JsonObject): Promise<AcquireResult>;
  heartbeat(sessionId: string): Promise<HeartbeatResult>;
  /** @returns whether the server has confirmed that the seat is given back */
  release(sessionId: string): Promise<boolean>;
}

export const PATHS = {
  acquire: '/api/v1/licenses/acquire',
  heartbeat: '/api/v1/licenses/heartbeat',
  release: '/api/v1/licenses/release',
  keys: '/api/v1/public-keys',
} as const;

/** @param onServerTime told of every time the server states */
export function createSeatApi(post: Post, onServerTime: (time: number) => void): SeatApi {
  async function call<T>(path: string, body: JsonObject, read: (status: number, body: JsonObject) => T | undefined) {
    try {
      const reply = await post(path, JSON.stringify(body));
      const understood = read(reply.status, parseObject(reply.body) ?? {});
      // Only from an answer that is understood: anybody's error page has a Date, too.
      const time = Date.parse(reply.date ?? '');
      if (understood !== undefined && !Number.isNaN(time)) onServerTime(time);
      return understood ?? unavailable(reply);
    } catch (cause) {
      return { kind: 'unavailable', cause } satisfies Unavailable;
    }
  }

  return {
    acquire: (request) => call(PATHS.acquire, request, readAcquire),
    async heartbeat(sessionId) {
      const answer = await call(PATHS.heartbeat, { session_id: sessionId }, readHeartbeat);
      if (answer.kind === 'renewed') onServerTime(answer.at);
      return answer;
    },
    async release(sessionId) {
      const answer = await call(PATHS.release, { session_id: sessionId }, (status, { code }) =>
        status === 200 || code === 'session_ended' || code === 'session_not_found' ? { kind: 'released' } : undefined,
      );
      return answer.kind === 'released';
    },
  };
}

function readAcquire(status: number, body: JsonObject): AcquireResult | undefined {
  if (status === 200 || status === 201) return readGranted(body);
  const code = REFUSALS.find((known) => known === body['code']);
  if (code === undefined) return undefined;
  const [seatsUsed, seatsTotal] = [numberOf(body['seats_used']) ?? 0, numberOf(body['seats_total']) ?? 0];
  return { kind: 'refused', code, detail: textOf(body['detail']), seatsUsed, seatsTotal };
}

function readGranted(body: JsonObject): Granted | undefined {
  const sessionId = textOf(body['session_id']);
  const leaseEndsAt = parseTime(textOf(body['expires_at']) ?? '');
  const seconds = numberOf(body['heartbeat_interval_seconds']);
  const license = textOf(body['license_token']) ?? asObject(body['license_data']);
  if (sessionId === undefined || leaseEndsAt === undefined || !seconds || license === undefined) return undefined;
  const [seatsUsed, seatsTotal] = [numberOf(body['seats_used']) ?? 0, numberOf(body['seats_total']) ?? 0];
  return { kind: 'granted', sessionId, leaseEndsAt, interval: seconds * 1000, seatsUsed, seatsTotal, license };
}

function readHeartbeat(status: number, body: JsonObject): HeartbeatResult | undefined {
  if (status === 200) {
    const at = parseTime(textOf(body['last_heartbeat']) ?? '');
    const leaseEndsAt = parseTime(textOf(body['expires_at']) ?? '');
    return at === undefined || leaseEndsAt === undefined ? undefined : { kind: 'renewed', at, leaseEndsAt };
  }
  if (body['code'] === 'session_ended') return { kind: 'ended', reason: textOf(body['reason']) ?? 'unknown' };
  return body['code'] === 'session_not_found' ? { kind: 'ended', reason: 'session_not_found' } : undefined;
}

function unavailable({ status, retryAfter, body }: Reply): Unavailable {
  const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter);
  const code = textOf(parseObject(body)?.['code']) ?? 'no answer of a licence server';
  return {
    kind: 'unavailable',
    retryAfter: seconds >= 0 ? seconds * 1000 : undefined,
    cause: new Error(`The licence server answered ${status}: ${code}.`),
  };
}

/** Posts with the platform's fetch, giving up after so many milliseconds. */
export function fetchPost(
  url: string,
  { fetch, setTimer }: Pick<Platform, 'fetch' | 'setTimer'>,
  timeout: number,
): Post {
  return async (path, body) => {
    const giveUp = new AbortController();
    const late = () => giveUp.abort(new Error(`${url} did not answer within ${timeout} ms.`));
    const cancel = setTimer(late, timeout, true);
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + path, { method: 'POST', headers, body, signal: giveUp.signal });
      return {
        status: response.status,
        body: await response.text(),
        date: response.headers.get('date') ?? undefined,
        retryAfter: response.headers.get('retry-after') ?? undefined,
      };
    } finally {
      cancel();
    }
  };
}
