import { parseTime } from '../../../shared/license-format/time.ts';
import { asObject, type JsonObject, numberOf, parseObject, textOf } from '../json.ts';
import type { Fetch, Platform } from '../platform/platform.ts';
import { REFUSALS, type Refusal } from './error.ts';
import { failureOf, failureOfAnswer, type Unavailable, unavailable } from './failure.ts';
import type { AskToken } from './user-token.ts';

/** An HTTP answer with nothing read into it yet. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
}

/** Posts JSON. @param timeout milliseconds, default: the caller's usual @param token of a user @throws whatever goes wrong on the way */
export type Post = (path: string, body: string, timeout?: number, token?: string) => Promise<Reply>;

export interface Granted {
  readonly kind: 'granted';
  readonly sessionId: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly leaseEndsAt: number;
  /** Milliseconds between heartbeats. */
  readonly interval: number;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  /** The seat is this machine's until then, whoever runs on it. */
  readonly borrowedUntil?: number | undefined;
  /** `license_data` or `license_token`, not verified. */
  readonly license: unknown;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: Refusal;
  readonly detail?: string | undefined;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  /** The most seconds for which a seat may be borrowed, where it was asked for too many. */
  readonly maxSeconds?: number | undefined;
}

/** No seat is free, and the server keeps a place for this machine as long as it asks again in time. */
export interface Queued {
  readonly kind: 'queued';
  readonly ticketId: string;
  /** From 1 on. */
  readonly position: number;
  /** False when the position is only known to be as high as this. */
  readonly positionExact: boolean;
  readonly queueLength: number;
  /** Milliseconds until it is asked again. */
  readonly pollAfter: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly waitUntil: number | undefined;
  /** Milliseconds. */
  readonly estimatedWait: number | undefined;
}

export type AcquireResult = Granted | Queued | Refused | Unavailable;
export type HeartbeatResult =
  | { readonly kind: 'renewed'; readonly leaseEndsAt: number; readonly license: unknown }
  | { readonly kind: 'ended'; readonly reason: string }
  | Unavailable;

/** `still_held`: this machine goes on with the seat. `not_allowed`: it is borrowed, and does not come back before its time. */
export type ReleaseResult =
  | { readonly kind: 'released' | 'still_held' }
  | { readonly kind: 'not_allowed'; readonly borrowedUntil: number | undefined }
  | Unavailable;

/** The calls. None of them throws: what goes wrong is an answer. */
export interface SeatApi {
  /**
   * @param timeout milliseconds, at most the usual, for the user's token and the answer together; default: the usual for
   *   the answer, and for the token as long as it takes
   */
  acquire(request: JsonObject, timeout?: number): Promise<AcquireResult>;
  borrow(request: JsonObject): Promise<AcquireResult>;
  /** Gives up the place in the queue. Whoever waits for that does not wait long. */
  leaveQueue(ticketId: string): Promise<unknown>;
  /** @param refresh asks for the licence, signed anew */
  heartbeat(sessionId: string, refresh?: JsonObject): Promise<HeartbeatResult>;
  release(sessionId: string): Promise<ReleaseResult>;
}

export const PATHS = {
  acquire: '/api/v1/licenses/acquire',
  borrow: '/api/v1/licenses/borrow',
  leaveQueue: '/api/v1/licenses/queue/leave',
  heartbeat: '/api/v1/licenses/heartbeat',
  release: '/api/v1/licenses/release',
} as const;

/** What a release says, by this call or by a farewell that nobody waits for. */
export const releaseBody = (sessionId: string, program: string): JsonObject => ({ session_id: sessionId, program });

/**
 * @param program tells the programs of one machine, which share a seat, from one another
 * @param askToken asked before a seat is asked for, where users sign in
 */
export function createSeatApi(post: Post, program: string, askToken?: AskToken): SeatApi {
  async function call<T>(
    path: string,
    body: JsonObject,
    read: (status: number, body: JsonObject) => T | undefined,
    timeout?: number,
    token?: string,
  ): Promise<T | Unavailable> {
    try {
      const reply = await post(path, JSON.stringify(body), timeout, token);
      const answer = parseObject(reply.body);
      const understood = read(reply.status, answer ?? {});
      return understood ?? failureOfAnswer(reply, answer);
    } catch (cause) {
      return failureOf(cause);
    }
  }

  async function ask(path: string, request: JsonObject, timeout?: number): Promise<AcquireResult> {
    let token = '';
    let spent = 0;
    try {
      if (askToken !== undefined) [token, spent] = await askToken(timeout);
      // The error of a header that cannot be sent would say the token.
      if (/[^!-~]/.test(token)) throw new Error('it is none');
    } catch (cause) {
      return unavailable('user_token_failed', String(cause), cause);
    }
    return call(path, { ...request, program }, readAcquire, timeout && timeout - spent, token);
  }

  return {
    acquire: (request, timeout) => ask(PATHS.acquire, request, timeout),
    borrow: (request) => ask(PATHS.borrow, request, Number.POSITIVE_INFINITY),
    leaveQueue: (ticketId) => call(PATHS.leaveQueue, { ticket_id: ticketId }, () => true, LEAVE_TIMEOUT),
    heartbeat: (sessionId, refresh) =>
      call(PATHS.heartbeat, { session_id: sessionId, program, refresh }, readHeartbeat),
    release: (sessionId) => call(PATHS.release, releaseBody(sessionId, program), readRelease),
  };
}

/** A program that is being ended has two seconds for everything. */
const LEAVE_TIMEOUT = 1_500;

const HOUR = 3_600;

/** Seconds from a second to `longest`. @returns milliseconds; undefined for what is no time to wait */
function pauseIn(body: JsonObject, name: string, longest: number): number | undefined {
  const seconds = numberOf(body[name]) ?? 0;
  return seconds > 0 ? Math.min(Math.max(seconds, 1), longest) * 1000 : undefined;
}

const timeIn = (body: JsonObject, name: string) => parseTime(textOf(body[name]) ?? '');

function readRelease(status: number, body: JsonObject): ReleaseResult | undefined {
  const { code, still_held: stillHeld, reason } = body;
  if (status === 200) return { kind: stillHeld === true ? 'still_held' : 'released' };
  if (code === 'early_return_not_allowed')
    return { kind: 'not_allowed', borrowedUntil: timeIn(body, 'borrowed_until') };
  // Another program of this machine has borrowed the seat meanwhile.
  if (code === 'session_ended' && reason === 'borrowed') return { kind: 'still_held' };
  return code === 'session_ended' || code === 'session_not_found' ? { kind: 'released' } : undefined;
}

function readAcquire(status: number, body: JsonObject): AcquireResult | undefined {
  if (status === 200 || status === 201) return readGranted(body);
  if (status === 202) return readQueued(body);
  const code = REFUSALS.find((known) => known === body['code']);
  if (code === undefined) return undefined;
  const [seatsUsed, seatsTotal] = [numberOf(body['seats_used']) ?? 0, numberOf(body['seats_total']) ?? 0];
  const maxSeconds = numberOf(body['max_seconds']);
  return { kind: 'refused', code, detail: textOf(body['detail']), seatsUsed, seatsTotal, maxSeconds };
}

function readQueued(body: JsonObject): Queued | undefined {
  const [ticketId, position] = [textOf(body['ticket_id']), numberOf(body['position'])];
  const [pollAfter, estimate] = [pauseIn(body, 'poll_after_seconds', HOUR), numberOf(body['estimated_wait_seconds'])];
  if (ticketId === undefined || position === undefined || pollAfter === undefined) return undefined;
  return {
    kind: 'queued',
    ticketId,
    position,
    positionExact: body['position_exact'] !== false,
    queueLength: numberOf(body['queue_length']) ?? position,
    pollAfter,
    waitUntil: timeIn(body, 'wait_until'),
    estimatedWait: estimate === undefined ? undefined : estimate * 1000,
  };
}

function readGranted(body: JsonObject): Granted | undefined {
  const sessionId = textOf(body['session_id']);
  const leaseEndsAt = timeIn(body, 'expires_at');
  const interval = pauseIn(body, 'heartbeat_interval_seconds', 24 * HOUR);
  const license = licenseIn(body);
  if (sessionId === undefined || leaseEndsAt === undefined || !interval || license === undefined) return undefined;
  const [seatsUsed, seatsTotal] = [numberOf(body['seats_used']) ?? 0, numberOf(body['seats_total']) ?? 0];
  const borrowedUntil = timeIn(body, 'borrowed_until');
  return { kind: 'granted', sessionId, leaseEndsAt, interval, seatsUsed, seatsTotal, borrowedUntil, license };
}

const licenseIn = (body: JsonObject) => textOf(body['license_token']) ?? asObject(body['license_data']);

function readHeartbeat(status: number, body: JsonObject): HeartbeatResult | undefined {
  if (status === 200) {
    const leaseEndsAt = timeIn(body, 'expires_at');
    return leaseEndsAt === undefined ? undefined : { kind: 'renewed', leaseEndsAt, license: licenseIn(body) };
  }
  if (body['code'] === 'session_ended') return { kind: 'ended', reason: textOf(body['reason']) ?? 'unknown' };
  // Session, machine and key do not belong together: acquiring again has the last word on it.
  if (body['code'] === 'forbidden') return { kind: 'ended', reason: 'forbidden' };
  return body['code'] === 'session_not_found' ? { kind: 'ended', reason: 'session_not_found' } : undefined;
}

/** Posts with `fetch`, giving up after so many milliseconds. */
export function fetchPost(url: string, fetch: Fetch, setTimer: Platform['setTimer'], usual: number): Post {
  return async (path, body, timeout = usual, token = '') => {
    const giveUp = new AbortController();
    const late = () => giveUp.abort(new AnswerTimeout(`no answer within ${timeout} ms`));
    const cancel = setTimer(late, Math.min(timeout, usual), true);
    try {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
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
