import { parseTime } from '../../../shared/license-format/time.ts';
import { asObject, type JsonObject, numberOf, parseObject, textOf } from '../json.ts';
import type { Fetch, Platform } from '../platform/platform.ts';
import { failureOf, failureOfAnswer, type Unavailable } from './failure.ts';

/** An HTTP answer with nothing read into it yet. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** Posts JSON. @param timeout milliseconds, default: the caller's usual. @throws whatever goes wrong on the way */
export type Post = (path: string, body: string, timeout?: number) => Promise<Reply>;

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
  | { readonly kind: 'renewed'; readonly leaseEndsAt: number; readonly license: unknown }
  | { readonly kind: 'ended'; readonly reason: string }
  | Unavailable;

/** `still_held`: another program of this machine goes on with the seat. */
export type ReleaseResult = { readonly kind: 'released' | 'still_held' } | Unavailable;

/** The three calls. None of them throws: what goes wrong is an answer. */
export interface SeatApi {
  /** @param timeout milliseconds, when less than the usual is to be waited for */
  acquire(request: JsonObject, timeout?: number): Promise<AcquireResult>;
  /** @param refresh asks for the licence, signed anew */
  heartbeat(sessionId: string, refresh?: JsonObject): Promise<HeartbeatResult>;
  release(sessionId: string): Promise<ReleaseResult>;
}

export const PATHS = {
  acquire: '/api/v1/licenses/acquire',
  heartbeat: '/api/v1/licenses/heartbeat',
  release: '/api/v1/licenses/release',
} as const;

/** What a release says, by this call or by a farewell that nobody waits for. */
export const releaseBody = (sessionId: string, program: string): JsonObject => ({ session_id: sessionId, program });

/**
 * @param program tells the programs of one machine, which share a seat, from one another
 */
export function createSeatApi(post: Post, program: string): SeatApi {
  async function call<T>(
    path: string,
    body: JsonObject,
    read: (status: number, body: JsonObject) => T | undefined,
    timeout?: number,
  ): Promise<T | Unavailable> {
    try {
      const reply = await post(path, JSON.stringify(body), timeout);
      const answer = parseObject(reply.body);
      const understood = read(reply.status, answer ?? {});
      return understood ?? failureOfAnswer(reply, answer);
    } catch (cause) {
      return failureOf(cause);
    }
  }

  return {
    acquire: (request, timeout) => call(PATHS.acquire, { ...request, program }, readAcquire, timeout),
    heartbeat: (sessionId, refresh) =>
      call(PATHS.heartbeat, { session_id: sessionId, program, refresh }, readHeartbeat),
    release: (sessionId) => call(PATHS.release, releaseBody(sessionId, program), readRelease),
  };
}

function readRelease(status: number, { code, still_held: stillHeld }: JsonObject): ReleaseResult | undefined {
  if (status === 200) return { kind: stillHeld === true ? 'still_held' : 'released' };
  return code === 'session_ended' || code === 'session_not_found' ? { kind: 'released' } : undefined;
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
  const license = licenseIn(body);
  if (sessionId === undefined || leaseEndsAt === undefined || !seconds || license === undefined) return undefined;
  const [seatsUsed, seatsTotal] = [numberOf(body['seats_used']) ?? 0, numberOf(body['seats_total']) ?? 0];
  return { kind: 'granted', sessionId, leaseEndsAt, interval: seconds * 1000, seatsUsed, seatsTotal, license };
}

const licenseIn = (body: JsonObject) => textOf(body['license_token']) ?? asObject(body['license_data']);

function readHeartbeat(status: number, body: JsonObject): HeartbeatResult | undefined {
  if (status === 200) {
    const leaseEndsAt = parseTime(textOf(body['expires_at']) ?? '');
    return leaseEndsAt === undefined ? undefined : { kind: 'renewed', leaseEndsAt, license: licenseIn(body) };
  }
  if (body['code'] === 'session_ended') return { kind: 'ended', reason: textOf(body['reason']) ?? 'unknown' };
  // Session, machine and key do not belong together: acquiring again has the last word on it.
  if (body['code'] === 'forbidden') return { kind: 'ended', reason: 'forbidden' };
  return body['code'] === 'session_not_found' ? { kind: 'ended', reason: 'session_not_found' } : undefined;
}

/** Posts with `fetch`, giving up after so many milliseconds. */
export function fetchPost(url: string, fetch: Fetch, setTimer: Platform['setTimer'], usual: number): Post {
  return async (path, body, timeout = usual) => {
    const giveUp = new AbortController();
    const late = () => giveUp.abort(new AnswerTimeout(`no answer within ${timeout} ms`));
    const cancel = setTimer(late, Math.min(timeout, usual), true);
    try {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url + path, { method: 'POST', headers, body, signal: giveUp.signal });
      return {
        status: response.status,
        body: await response.text(),
        retryAfter: response.headers.get('retry-after') ?? undefined,
      };
    } finally {
      cancel();
    }
  };
}

class AnswerTimeout extends Error {
  override readonly name = 'TimeoutError';
}
