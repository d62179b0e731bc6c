import type { ValidLicense } from '../license/result.ts';
import { refusalAt } from '../license/times.ts';
import type { VerifiedAcquire, VerifiedHeartbeat } from './acquire-and-verify.ts';
import type { Granted } from './api.ts';
import { type Backoff, renewalDue } from './backoff.ts';
import type { WhyNothing } from './cache.ts';
import { type LossReason, lost, type SeatEvent } from './events.ts';
import type { Unavailable } from './failure.ts';
import type { SeatState } from './seat.ts';

interface Lease {
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Everything that decides what a seat does next. Times are milliseconds, on the trusted clock. */
export interface SeatModel {
  readonly state: SeatState;
  /** The latest one that verified. */
  readonly license: ValidLicense;
  /** The session, as far as it is known to be alive. */
  readonly lease: Lease | undefined;
  /** Between heartbeats. */
  readonly interval: number;
  /** Calls without an answer, in a row. */
  readonly failures: number;
  /** The call under way, and when it began. There is one at a time. */
  readonly call: { readonly name: 'acquire' | 'renew' | 'heartbeat' | 'release'; readonly since: number } | undefined;
  readonly renewNotBefore: number;
  /** What the session ended for, while the server is asked whether that still holds. */
  readonly verdict: LossReason | undefined;
}

/** What happens to a seat. */
export type SeatInput =
  /** The time that the last `wait` named, or a machine that woke. */
  | { readonly type: 'due' | 'woken' }
  | { readonly type: 'acquired'; readonly result: VerifiedAcquire }
  | { readonly type: 'heartbeat'; readonly result: VerifiedHeartbeat }
  /** The program gives the seat back. */
  | { readonly type: 'release' }
  | { readonly type: 'released'; readonly outcome: 'released' | 'still_held' | 'unknown' }
  /** A page that is being hidden has sent its farewell, and forgets the session. */
  | { readonly type: 'abandon' };

/** What is to be done about it, in this order. */
export type SeatEffect =
  | { readonly type: 'acquire'; readonly timeout?: number }
  /** With `refresh` the licence is signed anew as well. */
  | { readonly type: 'heartbeat'; readonly sessionId: string; readonly refresh: boolean }
  | { readonly type: 'release' | 'release_unheard'; readonly sessionId: string }
  | { readonly type: 'wait'; readonly milliseconds: number }
  /** Look at the clock now: a machine that wakes may be past the time. */
  | { readonly type: 'look' }
  | { readonly type: 'emit'; readonly event: SeatEvent }
  | { readonly type: 'forget'; readonly why: WhyNothing }
  /** Nothing more happens. */
  | { readonly type: 'end' };

export interface Step {
  readonly model: SeatModel;
  readonly effects: readonly SeatEffect[];
}

/** The surroundings at the moment of a step. */
export interface Moment {
  readonly now: number;
  readonly backoff: Backoff;
}

/** Until the server has said how often to call. */
const DEFAULT_INTERVAL = 120_000;
/** Fresh signatures are asked for no more often: near a licence's end, half of what is left is always over soon. */
const RENEWAL_PAUSE = 120_000;
const SHORTEST_WAIT = 1_000;
/**
 * How long the last question may take, when the licence is over: less than the 5 s by which a lease outlives its end on
 * the server, so that nobody else has the seat meanwhile.
 */
const LAST_QUESTION = 4_000;

/** The server's last word on a session. Any other reason is mended by acquiring again, which has the last word. */
const VERDICTS: ReadonlyMap<string, LossReason> = new Map([
  ['license_suspended', 'license_suspended'],
  ['license_expired', 'license_expired'],
]);

const over = ({ state }: SeatModel) => state === 'lost' || state === 'released';
const endOf = ({ validUntil, expiresAt }: ValidLicense) => validUntil ?? expiresAt ?? Number.POSITIVE_INFINITY;
const sessionIn = ({ claims }: ValidLicense) =>
  typeof claims['session_id'] === 'string' ? claims['session_id'] : undefined;

/** What is to be given back: the session as it is known, or that of an earlier run, which stands in its licence. */
export const sessionOf = ({ lease, failures, license }: SeatModel): string | undefined =>
  lease?.sessionId ?? (failures > 0 ? sessionIn(license) : undefined);

/** The first step, with a seat that was just granted. */
export function beginGranted(license: ValidLicense, granted: Granted, moment: Moment): Step {
  const { model, effects } = hold(unheld(license), license, granted, moment);
  // Somewhere within an interval, so that those who started together part.
  return { model, effects: [...effects, wait(model, moment.backoff.firstHeartbeat(model.interval), moment)] };
}

/** The first step, with the licence of an earlier run while there is no server. */
export const beginOffline = (license: ValidLicense, failure: Unavailable, moment: Moment): Step =>
  fail(unheld(license), failure, moment);

const unheld = (license: ValidLicense): SeatModel => ({
  state: 'held',
  license,
  lease: undefined,
  interval: DEFAULT_INTERVAL,
  failures: 0,
  call: undefined,
  renewNotBefore: 0,
  verdict: undefined,
});

/** Acquire when there is no session, renew past half of the offline time, else a heartbeat; at the end a last question. */
export function next(model: SeatModel, input: SeatInput, moment: Moment): Step {
  switch (input.type) {
    case 'due':
      return call(model, moment);
    case 'woken':
      return model.state === 'offline' || model.lease === undefined
        ? call(model, moment)
        : only(model, { type: 'look' });
    case 'acquired':
      return acquired(model, input.result, moment);
    case 'heartbeat':
      return heartbeat(model, input.result, moment);
    case 'release':
      return release(model, moment);
    case 'released':
      return released(model, input.outcome);
    case 'abandon':
      return only({ ...model, lease: undefined });
    default:
      return input satisfies never;
  }
}

const only = (model: SeatModel, ...effects: readonly SeatEffect[]): Step => ({ model, effects });

function call(model: SeatModel, moment: Moment): Step {
  if (over(model) || model.call !== undefined) return only(model);
  const { license, lease } = model;
  const { now } = moment;
  if (refusalAt(license, now) !== undefined) return askLast(model, moment);
  if (lease === undefined) return acquire(model, moment);
  if (isStrict(license, lease)) return beat(model, lease, moment);
  if (now >= model.renewNotBefore && renewalDue(license.signedAt, license.validUntil, now)) {
    const renewing = { ...model, call: { name: 'renew', since: now }, renewNotBefore: now + RENEWAL_PAUSE } as const;
    return only(
      renewing,
      { type: 'emit', event: { type: 'renewing', validUntil: license.validUntil } },
      { type: 'acquire' },
    );
  }
  return beat(model, lease, moment);
}

const acquire = (model: SeatModel, { now }: Moment): Step =>
  only({ ...model, call: { name: 'acquire', since: now } }, { type: 'acquire' });

/** A copy that is worth no more than its lease is prolonged with each heartbeat. */
const isStrict = ({ validUntil }: ValidLicense, { endsAt }: Lease) => validUntil !== undefined && validUntil <= endsAt;

const beat = (model: SeatModel, lease: Lease, { now }: Moment): Step =>
  only(
    { ...model, call: { name: 'heartbeat', since: now } },
    { type: 'heartbeat', sessionId: lease.sessionId, refresh: isStrict(model.license, lease) },
  );

/** The licence at hand is over. It may have been prolonged a moment ago, so the server is asked before anything ends. */
const askLast = (model: SeatModel, { now }: Moment): Step =>
  only({ ...model, call: { name: 'acquire', since: now } }, { type: 'acquire', timeout: LAST_QUESTION });

function acquired(model: SeatModel, result: VerifiedAcquire, moment: Moment): Step {
  const asked = model.call;
  const idle = { ...model, call: undefined };
  if (over(model)) return afterRelease(idle, 'granted' in result ? leaseOf(result.granted) : model.lease, moment);
  switch (result.kind) {
    case 'verified':
      return hold(idle, result.license, result.granted, moment);
    case 'unverified': {
      // The seat is ours, and the licence at hand is good for as long as it says.
      const { reason, message } = result.refusal;
      const held = hold(idle, model.license, result.granted, moment);
      const effects: SeatEffect[] = [{ type: 'emit', event: { type: 'refused_license', reason, message } }];
      return judge({ model: held.model, effects: [...effects, ...held.effects] }, asked, moment);
    }
    case 'refused': {
      const { seatsUsed, seatsTotal } = result;
      const denied: SeatEvent = { type: 'denied', seatsUsed, seatsTotal, retryAt: undefined };
      const told: SeatEffect[] = result.code === 'no_seats_available' ? [{ type: 'emit', event: denied }] : [];
      const ended = lose(idle, result.code);
      return { model: ended.model, effects: [...told, ...ended.effects] };
    }
    case 'unavailable': {
      if (model.verdict !== undefined) return lose(idle, model.verdict);
      // A licence that could not be renewed hinders no heartbeat.
      if (asked?.name === 'renew' && model.lease !== undefined) return beat(idle, model.lease, moment);
      return judge(fail(idle, result, moment), asked, moment);
    }
    default:
      return result satisfies never;
  }
}

function heartbeat(model: SeatModel, result: VerifiedHeartbeat, moment: Moment): Step {
  const asked = model.call;
  const { lease } = model;
  const idle = { ...model, call: undefined };
  if (over(model)) return afterRelease(idle, result.kind === 'ended' ? undefined : lease, moment);
  if (lease === undefined) return acquire(idle, moment); // abandoned meanwhile, and the page is shown again
  switch (result.kind) {
    case 'renewed': {
      const { refusal, license = model.license, leaseEndsAt } = result;
      const step = succeed({ ...idle, license }, { ...lease, endsAt: leaseEndsAt }, moment);
      if (refusal === undefined) return judge(step, asked, moment);
      const { reason, message } = refusal;
      const refused: SeatEffect = { type: 'emit', event: { type: 'refused_license', reason, message } };
      return judge({ model: step.model, effects: [refused, ...step.effects] }, asked, moment);
    }
    case 'unavailable':
      return judge(fail(idle, result, moment), asked, moment);
    case 'ended': {
      const sessionless = { ...idle, lease: undefined, verdict: VERDICTS.get(result.reason) };
      return result.reason === 'admin_released' ? lose(sessionless, 'admin_released') : acquire(sessionless, moment);
    }
    default:
      return result satisfies never;
  }
}

const leaseOf = ({ sessionId, leaseEndsAt }: Granted): Lease => ({ sessionId, endsAt: leaseEndsAt });

function hold(model: SeatModel, license: ValidLicense, granted: Granted, moment: Moment): Step {
  const { interval, seatsUsed, seatsTotal, leaseEndsAt } = granted;
  const lease = leaseOf(granted);
  const held: SeatModel = { ...model, state: 'held', license, lease, interval, failures: 0, verdict: undefined };
  const event: SeatEvent = { type: 'held', license, leaseEndsAt, seatsUsed, seatsTotal };
  return only(held, { type: 'emit', event }, wait(held, moment.backoff.nextHeartbeat(interval), moment));
}

function succeed(model: SeatModel, lease: Lease, moment: Moment): Step {
  const held: SeatModel = { ...model, state: 'held', lease, failures: 0 };
  const pause = wait(held, moment.backoff.nextHeartbeat(model.interval), moment);
  if (model.state !== 'offline') return only(held, pause);
  return only(held, { type: 'emit', event: { type: 'online', leaseEndsAt: lease.endsAt } }, pause);
}

function fail(model: SeatModel, { code, message, cause, retryAfter }: Unavailable, moment: Moment): Step {
  const { lease, license, interval } = model;
  const { now, backoff } = moment;
  const offline: SeatModel = { ...model, state: 'offline', failures: model.failures + 1 };
  const retry = backoff.retry(offline.failures, interval, retryAfter);
  const last = lease === undefined ? 0 : backoff.lastBefore(lease.endsAt - now, interval);
  const pause = wait(offline, last > SHORTEST_WAIT && last < retry ? Math.max(last, retryAfter ?? 0) : retry, moment);
  if (model.state === 'offline') return only(offline, pause);
  const times = { since: now, leaseEndsAt: lease?.endsAt, validUntil: license.validUntil };
  return only(offline, { type: 'emit', event: { type: 'offline', code, message, ...times, cause } }, pause);
}

/** The end of the licence is looked at when it comes, whatever else is due. */
const wait = ({ license }: SeatModel, pause: number, { now }: Moment): SeatEffect => ({
  type: 'wait',
  milliseconds: Math.max(SHORTEST_WAIT, Math.min(pause, endOf(license) - now)),
});

/** After an answer, or none: a licence that is over ends the seat once the server has been asked since its end. */
function judge(step: Step, asked: SeatModel['call'], moment: Moment): Step {
  const { model } = step;
  const refusal = refusalAt(model.license, moment.now);
  if (refusal !== 'expired' && refusal !== 'stale') return step;
  const answered = asked !== undefined && asked.name !== 'heartbeat' && asked.since >= endOf(model.license);
  const then = answered
    ? lose(model, refusal === 'expired' ? 'license_expired' : 'offline_too_long')
    : askLast(model, moment);
  return { model: then.model, effects: [...step.effects, ...then.effects] };
}

function lose(model: SeatModel, reason: LossReason): Step {
  const { lease } = model;
  const goodbye: SeatEffect[] = lease === undefined ? [] : [{ type: 'release_unheard', sessionId: lease.sessionId }];
  return only(
    { ...model, state: 'lost', call: undefined },
    { type: 'forget', why: 'refused' },
    ...goodbye,
    { type: 'emit', event: lost(reason) },
    { type: 'end' },
  );
}

function release(model: SeatModel, moment: Moment): Step {
  if (over(model)) return only(model);
  const leaving: SeatModel = { ...model, state: 'released' };
  // After the call under way, whose answer may name the session that is to be given back.
  if (model.call !== undefined) return only(leaving);
  return afterRelease(leaving, model.lease, moment);
}

/** @param lease the session as it is known now */
function afterRelease(model: SeatModel, lease: Lease | undefined, { now }: Moment): Step {
  if (model.state === 'lost') return only(model);
  const leaving: SeatModel = { ...model, lease };
  const sessionId = sessionOf(leaving);
  if (sessionId === undefined) return released(leaving, 'released');
  return only({ ...leaving, call: { name: 'release', since: now } }, { type: 'release', sessionId });
}

function released(model: SeatModel, outcome: 'released' | 'still_held' | 'unknown'): Step {
  // A seat that was not given back for certain is as after a crash: this machine's for its lease, and its copy with it.
  const forgetting: SeatEffect[] = outcome === 'released' ? [{ type: 'forget', why: 'released' }] : [];
  const event: SeatEvent = {
    type: 'released',
    confirmed: outcome !== 'unknown',
    stillHeld: outcome === 'still_held',
  };
  const gone: SeatModel = { ...model, call: undefined, lease: outcome === 'unknown' ? model.lease : undefined };
  return only(gone, ...forgetting, { type: 'emit', event }, { type: 'end' });
}
