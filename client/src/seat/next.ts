import type { ValidLicense } from '../license/result.ts';
import { isBorrowed } from '../license/strict.ts';
import { refusalAt } from '../license/times.ts';
import type { VerifiedAcquire, VerifiedHeartbeat } from './acquire-and-verify.ts';
import type { Granted } from './api.ts';
import { acquire, askLast, beat, isStrict, LAST_QUESTION } from './ask.ts';
import { renewalDue } from './backoff.ts';
import type { LossReason, SeatEvent } from './events.ts';
import type { Unavailable } from './failure.ts';
import { afterRelease, release, released } from './leave.ts';
import {
  endOf,
  leaseOf,
  type Moment,
  only,
  over,
  paceOf,
  type SeatEffect,
  type SeatInput,
  type SeatModel,
  SHORTEST_WAIT,
  type Step,
  wait,
} from './model.ts';
import { borrowed, endReason, fail, hold, judge, lose, succeed } from './outcome.ts';
import { answered, begin, returned } from './wish.ts';

/** Until the server has said how often to call. */
const DEFAULT_INTERVAL = 120_000;
/** Fresh signatures are asked for no more often: near a licence's end, half of what is left is always over soon. */
const RENEWAL_PAUSE = 120_000;

/** What ends a seat at once, since somebody meant it. */
const ENDED_BY_PEOPLE: ReadonlyMap<string, LossReason> = new Map(
  (['admin_released', 'moved', 'self_released', 'recalled'] as const).map((reason) => [reason, reason]),
);
/** The server's last word on a session. Any other reason is mended by acquiring again, which has the last word. */
const VERDICTS: ReadonlyMap<string, LossReason> = new Map([
  ['license_suspended', 'license_suspended'],
  ['license_expired', 'license_expired'],
]);

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

function acquired(model: SeatModel, result: VerifiedAcquire, moment: Moment): Step {
  const asked = model.call;
  const idle = { ...model, call: undefined };
  if (over(model)) {
    // Another program of this machine may have borrowed the seat meanwhile, which the licence says.
    const license = result.kind === 'verified' ? result.license : model.license;
    const lease = 'granted' in result ? leaseOf(result.granted) : model.lease;
    return afterRelease({ ...idle, license }, lease, moment);
  }
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
      // The user's token has ended and not the session, whose id is a credential of its own.
      if (asked?.name === 'renew' && result.code === 'unauthenticated' && model.lease !== undefined) {
        return beat(idle, model.lease, moment, true);
      }
      const { seatsUsed, seatsTotal } = result;
      const denied: SeatEvent = { type: 'denied', seatsUsed, seatsTotal, retryAt: undefined };
      const told: SeatEffect[] = result.code === 'no_seats_available' ? [{ type: 'emit', event: denied }] : [];
      const ended = lose(idle, result.code);
      return { model: ended.model, effects: [...told, ...ended.effects] };
    }
    case 'unavailable': {
      if (model.verdict !== undefined) return lose(idle, model.verdict);
      // A licence that could not be renewed hinders no heartbeat.
      if (asked?.name === 'renew' && model.lease !== undefined) {
        return beat(idle, model.lease, moment, result.code === 'user_token_failed');
      }
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
  // Borrowed by another program of this machine: the seat goes on under an id of its own, which acquiring tells.
  const left = result.kind === 'ended' && result.reason !== 'borrowed' ? undefined : lease;
  if (over(model)) return afterRelease(idle, left, moment);
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
      const sessionless = { ...idle, lease: left, verdict: VERDICTS.get(result.reason) };
      const meant = ENDED_BY_PEOPLE.get(result.reason);
      return meant === undefined ? acquire(sessionless, moment) : lose(sessionless, meant);
    }
    default:
      return result satisfies never;
  }
}
