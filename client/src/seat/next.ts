import type { RefusalReason, ValidLicense } from '../license/result.ts';
import { isBorrowed } from '../license/strict.ts';
import { refusalAt } from '../license/times.ts';
import type { VerifiedAcquire, VerifiedHeartbeat } from './acquire-and-verify.ts';
import type { Granted, ReleaseResult } from './api.ts';
import { type Backoff, renewalDue } from './backoff.ts';
import type { WhyNothing } from './cache.ts';
import { SeatError } from './error.ts';
import { type LossReason, lost, type SeatEvent } from './events.ts';
import type { Unavailable } from './failure.ts';
import type { SeatState } from './seat.ts';

interface Lease {
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** What the program asks for beside holding the seat. */
export type Wish = { readonly name: 'borrow'; readonly seconds: number | undefined } | { readonly name: 'return' };

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
  readonly call: { readonly name: CallName; readonly since: number } | undefined;
  /** Begun as soon as no call is under way. */
  readonly wish: Wish | undefined;
  /** The licence is a file, for a machine without a network: nobody is asked anything. */
  readonly isFile: boolean;
  readonly renewNotBefore: number;
  /** What the session ended for, while the server is asked whether that still holds. */
  readonly verdict: LossReason | undefined;
}

type CallName = 'acquire' | 'renew' | 'heartbeat' | 'release' | Wish['name'];

/** What happens to a seat. */
export type SeatInput =
  /** The time that the last `wait` named, or a machine that woke. */
  | { readonly type: 'due' | 'woken' }
  | { readonly type: 'acquired'; readonly result: VerifiedAcquire }
  | { readonly type: 'heartbeat'; readonly result: VerifiedHeartbeat }
  /** The program gives the seat back. */
  | { readonly type: 'release' }
  | { readonly type: 'released'; readonly outcome: 'released' | 'still_held' | 'unknown' }
  | { readonly type: 'wish'; readonly wish: Wish }
  | { readonly type: 'borrowed'; readonly result: VerifiedAcquire }
  | { readonly type: 'returned'; readonly result: ReleaseResult }
  /** A page that is being hidden has sent its farewell, and forgets the session. */
  | { readonly type: 'abandon' };

/** What is to be done about it, in this order. */
export type SeatEffect =
  | { readonly type: 'acquire'; readonly timeout?: number }
  /** With `refresh` the licence is signed anew as well. */
  | { readonly type: 'heartbeat'; readonly sessionId: string; readonly refresh: boolean }
  | { readonly type: 'release' | 'release_unheard' | 'return'; readonly sessionId: string }
  | { readonly type: 'borrow'; readonly seconds: number | undefined }
  /** The wish has come true, unless there is an error. */
  | { readonly type: 'settle'; readonly error?: SeatError }
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

/** A borrowed seat is this machine's anyway: it is looked at now and then, whether it was recalled. */
const BORROWED_INTERVAL = 15 * 60_000;

/** What ends a seat at once, since somebody meant it. */
const ENDED_BY_PEOPLE: ReadonlyMap<string, LossReason> = new Map(
  (['admin_released', 'moved', 'self_released', 'recalled'] as const).map((reason) => [reason, reason]),
);
/** The server's last word on a session. Any other reason is mended by acquiring again, which has the last word. */
const VERDICTS: ReadonlyMap<string, LossReason> = new Map([
  ['license_suspended', 'license_suspended'],
  ['license_expired', 'license_expired'],
]);

const over = ({ state }: SeatModel) => state === 'lost' || state === 'released';
const endOf = ({ validUntil, expiresAt }: ValidLicense) => validUntil ?? expiresAt ?? Number.POSITIVE_INFINITY;
const sessionIn = ({ claims }: ValidLicense) =>
  typeof claims['session_id'] === 'string' ? claims['session_id'] : undefined;

/**
 * What is to be given back at the end: the session as it is known, or that of an earlier run, which stands in its licence.
 * A borrowed seat outlives the program.
 */
export const sessionOf = ({ lease, failures, license }: SeatModel): string | undefined =>
  isBorrowed(license) ? undefined : (lease?.sessionId ?? (failures > 0 ? sessionIn(license) : undefined));

const paceOf = ({ license, interval }: SeatModel) =>
  isBorrowed(license) ? Math.max(interval, BORROWED_INTERVAL) : interval;

/** The first step, with a seat that was just granted. */
export function beginGranted(license: ValidLicense, granted: Granted, moment: Moment): Step {
  const { model, effects } = hold(unheld(license), license, granted, moment);
  // Somewhere within an interval, so that those who started together part.
  return { model, effects: [...effects, wait(model, moment.backoff.firstHeartbeat(paceOf(model)), moment)] };
}

/** The first step, with the licence of an earlier run while there is no server. */
export const beginOffline = (license: ValidLicense, failure: Unavailable, moment: Moment): Step =>
  fail(unheld(license), failure, moment);

/** The first step, with a licence file that an administrator has borrowed for this machine. */
export function beginFile(license: ValidLicense, moment: Moment): Step {
  const model: SeatModel = { ...unheld(license), state: 'borrowed', isFile: true };
  return only(model, { type: 'emit', event: borrowed(license) }, wait(model, Number.POSITIVE_INFINITY, moment));
}

const unheld = (license: ValidLicense): SeatModel => ({
  state: 'held',
  license,
  lease: undefined,
  interval: DEFAULT_INTERVAL,
  failures: 0,
  call: undefined,
  wish: undefined,
  isFile: false,
  renewNotBefore: 0,
  verdict: undefined,
});

/** Acquire when there is no session, renew past half of the offline time, else a heartbeat; at the end a last question. */
export function next(model: SeatModel, input: SeatInput, moment: Moment): Step {
  const step = react(model, input, moment);
  const { wish, call: underWay } = step.model;
  if (wish === undefined || underWay !== undefined) return step;
  const begun = begin({ ...step.model, wish: undefined }, wish, moment);
  return { model: begun.model, effects: [...step.effects, ...begun.effects] };
}

function react(model: SeatModel, input: SeatInput, moment: Moment): Step {
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
      return only(isBorrowed(model.license) ? model : { ...model, lease: undefined });
    case 'wish':
      return only({ ...model, wish: input.wish });
    case 'borrowed':
      return answered(model, input.result, moment);
    case 'returned':
      return returned(model, input.result, moment);
    default:
      return input satisfies never;
  }
}

const only = (model: SeatModel, ...effects: readonly SeatEffect[]): Step => ({ model, effects });

function call(model: SeatModel, moment: Moment): Step {
  if (over(model) || model.call !== undefined) return only(model);
  const { license, lease } = model;
  const { now } = moment;
  const refusal = refusalAt(license, now);
  if (model.isFile) {
    return refusal === undefined
      ? only(model, wait(model, Number.POSITIVE_INFINITY, moment))
      : lose(model, endReason(license, refusal));
  }
  if (refusal !== undefined) return askLast(model, moment);
  if (lease === undefined) return acquire(model, moment);
  if (isBorrowed(license) || isStrict(license, lease)) return beat(model, lease, moment);
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
const isStrict = (license: ValidLicense, { endsAt }: Lease) =>
  !isBorrowed(license) && license.validUntil !== undefined && license.validUntil <= endsAt;

const beat = (model: SeatModel, lease: Lease, { now }: Moment): Step =>
  only(
    { ...model, call: { name: 'heartbeat', since: now } },
    { type: 'heartbeat', sessionId: lease.sessionId, refresh: isStrict(model.license, lease) },
  );

/** The licence at hand is over. It may have been prolonged a moment ago, so the server is asked before anything ends. */
function askLast(model: SeatModel, { now }: Moment): Step {
  const left = endOf(model.license) + LAST_QUESTION - now;
  const timeout = left > SHORTEST_WAIT && left < LAST_QUESTION ? left : LAST_QUESTION;
  return only({ ...model, call: { name: 'acquire', since: now } }, { type: 'acquire', timeout });
}

/** Begins what the program asked for, now that no other call is under way. */
function begin(model: SeatModel, wish: Wish, { now }: Moment): Step {
  const call = { name: wish.name, since: now };
  if (over(model)) return only(model, { type: 'settle', error: SeatError.of('not_held') });
  if (model.isFile) return only(model, { type: 'settle', error: SeatError.of('borrowed_as_file') });
  if (wish.name === 'borrow') return only({ ...model, call }, { type: 'borrow', seconds: wish.seconds });
  const sessionId = isBorrowed(model.license) ? (model.lease?.sessionId ?? sessionIn(model.license)) : undefined;
  if (sessionId === undefined) return only(model, { type: 'settle', error: SeatError.of('not_borrowed') });
  return only({ ...model, call }, { type: 'return', sessionId });
}

/** The server has answered the wish to borrow. A heartbeat may have become due meanwhile, so it comes next. */
function answered(model: SeatModel, result: VerifiedAcquire, moment: Moment): Step {
  const idle = { ...model, call: undefined };
  const settled = (step: Step, error?: SeatError): Step => ({
    model: step.model,
    effects: [...step.effects, { type: 'settle', ...(error && { error }) }],
  });
  const goOn = () => (over(idle) ? afterRelease(idle, idle.lease, moment) : only(idle, wait(idle, 0, moment)));
  switch (result.kind) {
    case 'verified':
      if (!over(idle)) return settled(hold(idle, result.license, result.granted, moment));
      return settled(afterRelease({ ...idle, license: result.license }, leaseOf(result.granted), moment));
    case 'unverified': {
      // The seat is borrowed, under an id of its own, and the copy at hand is the one from before.
      const { reason, message } = result.refusal;
      const error = SeatError.of('license_invalid', { reason, detail: message });
      const lease = leaseOf(result.granted);
      if (over(idle)) return settled(afterRelease(idle, lease, moment), error);
      return settled(hold(idle, idle.license, result.granted, moment), error);
    }
    case 'refused':
      return settled(goOn(), SeatError.of(result.code, result));
    case 'queued':
      return settled(goOn(), SeatError.of('no_seats_available'));
    case 'unavailable':
      return settled(goOn(), SeatError.unavailable(result));
    default:
      return result satisfies never;
  }
}

/** The server has answered the wish to return a borrowed seat. */
function returned(model: SeatModel, result: ReleaseResult, moment: Moment): Step {
  const idle = { ...model, call: undefined };
  if (result.kind !== 'not_allowed' && result.kind !== 'unavailable') {
    const gone = released({ ...idle, state: 'released' }, 'released');
    return { model: gone.model, effects: [{ type: 'settle' }, ...gone.effects] };
  }
  const error =
    result.kind === 'unavailable' ? SeatError.unavailable(result) : SeatError.of('early_return_not_allowed', result);
  const step = over(idle) ? afterRelease(idle, idle.lease, moment) : only(idle, wait(idle, 0, moment));
  return { model: step.model, effects: [{ type: 'settle', error }, ...step.effects] };
}

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
      // The server's clock is behind by as long as an answer takes, so at the end it may still have the copy that is over.
      const late = moment.now - endOf(model.license);
      if (reason === 'stale' && late >= 0 && late < LAST_QUESTION) {
        return only({ ...idle, lease: leaseOf(result.granted) }, wait(idle, SHORTEST_WAIT, moment));
      }
      const held = hold(idle, model.license, result.granted, moment);
      const effects: SeatEffect[] = [{ type: 'emit', event: { type: 'refused_license', reason, message } }];
      return judge({ model: held.model, effects: [...effects, ...held.effects] }, asked, moment);
    }
    case 'queued':
      return lose(idle, 'no_seats_available'); // not asked for while a seat is held
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
      const meant = ENDED_BY_PEOPLE.get(result.reason);
      return meant === undefined ? acquire(sessionless, moment) : lose(sessionless, meant);
    }
    default:
      return result satisfies never;
  }
}

const leaseOf = ({ sessionId, leaseEndsAt }: Granted): Lease => ({ sessionId, endsAt: leaseEndsAt });

function hold(model: SeatModel, license: ValidLicense, granted: Granted, moment: Moment): Step {
  const { interval, seatsUsed, seatsTotal, leaseEndsAt } = granted;
  const lease = leaseOf(granted);
  const state = stateWith(license);
  const held: SeatModel = { ...model, state, license, lease, interval, failures: 0, verdict: undefined };
  const pause = wait(held, moment.backoff.nextHeartbeat(paceOf(held)), moment);
  if (state === 'held') {
    return only(held, { type: 'emit', event: { type: 'held', license, leaseEndsAt, seatsUsed, seatsTotal } }, pause);
  }
  const isTold = model.state === 'borrowed' && model.license.validUntil === license.validUntil;
  return only(held, ...(isTold ? [] : [{ type: 'emit', event: borrowed(license) } as const]), pause);
}

const stateWith = (license: ValidLicense) => (isBorrowed(license) ? 'borrowed' : 'held');

const borrowed = (license: ValidLicense): SeatEvent => ({ type: 'borrowed', license, borrowedUntil: endOf(license) });

function succeed(model: SeatModel, lease: Lease, moment: Moment): Step {
  const held: SeatModel = { ...model, state: stateWith(model.license), lease, failures: 0 };
  const pause = wait(held, moment.backoff.nextHeartbeat(paceOf(held)), moment);
  if (model.state !== 'offline') return only(held, pause);
  return only(held, { type: 'emit', event: { type: 'online', leaseEndsAt: lease.endsAt } }, pause);
}

function fail(model: SeatModel, { code, message, cause, retryAfter }: Unavailable, moment: Moment): Step {
  const { lease, license, interval } = model;
  const { now, backoff } = moment;
  if (isBorrowed(license)) {
    // A borrowed seat needs no server, so its absence is no news.
    const alone: SeatModel = { ...model, state: 'borrowed', failures: model.failures + 1 };
    const pause = wait(alone, backoff.retry(alone.failures, paceOf(alone), retryAfter), moment);
    if (model.state === 'borrowed') return only(alone, pause);
    return only(alone, { type: 'emit', event: borrowed(license) }, pause);
  }
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
  const then = answered ? lose(model, endReason(model.license, refusal)) : askLast(model, moment);
  return { model: then.model, effects: [...step.effects, ...then.effects] };
}

function endReason(license: ValidLicense, refusal: RefusalReason): LossReason {
  if (refusal === 'expired') return 'license_expired';
  return isBorrowed(license) ? 'borrow_ended' : 'offline_too_long';
}

function lose(model: SeatModel, reason: LossReason): Step {
  const { lease, license } = model;
  const goodbye: SeatEffect[] =
    lease === undefined || isBorrowed(license) ? [] : [{ type: 'release_unheard', sessionId: lease.sessionId }];
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
  if (isBorrowed(model.license)) return released(leaving, 'still_held');
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
