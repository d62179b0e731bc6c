import type { RefusalReason, ValidLicense } from '../license/result.ts';
import { isBorrowed } from '../license/strict.ts';
import { refusalAt } from '../license/times.ts';
import type { Granted } from './api.ts';
import { askLast } from './ask.ts';
import { type LossReason, lost, type SeatEvent } from './events.ts';
import type { Unavailable } from './failure.ts';
import {
  endOf,
  type Lease,
  leaseOf,
  type Moment,
  only,
  paceOf,
  type SeatEffect,
  type SeatModel,
  SHORTEST_WAIT,
  type Step,
  wait,
} from './model.ts';

export function hold(model: SeatModel, license: ValidLicense, granted: Granted, moment: Moment): Step {
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

export const borrowed = (license: ValidLicense): SeatEvent => ({
  type: 'borrowed',
  license,
  borrowedUntil: endOf(license),
});

export function succeed(model: SeatModel, lease: Lease, moment: Moment): Step {
  const held: SeatModel = { ...model, state: stateWith(model.license), lease, failures: 0 };
  const pause = wait(held, moment.backoff.nextHeartbeat(paceOf(held)), moment);
  if (model.state !== 'offline') return only(held, pause);
  return only(held, { type: 'emit', event: { type: 'online', leaseEndsAt: lease.endsAt } }, pause);
}

export function fail(model: SeatModel, { code, message, cause, retryAfter }: Unavailable, moment: Moment): Step {
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
  const left = lease === undefined ? 0 : lease.endsAt - now;
  const last = backoff.lastBefore(left, interval);
  const pause = wait(offline, last > SHORTEST_WAIT && last < retry ? lastWait(last, left, retryAfter) : retry, moment);
  if (model.state === 'offline') return only(offline, pause);
  const times = { since: now, leaseEndsAt: lease?.endsAt, validUntil: license.validUntil };
  return only(offline, { type: 'emit', event: { type: 'offline', code, message, ...times, cause } }, pause);
}

/** Retry-After is kept as long as the lease lasts, which is asked for once before it ends. */
const lastWait = (last: number, left: number, retryAfter = 0) =>
  retryAfter < left - SHORTEST_WAIT ? Math.max(last, retryAfter) : last;

/** After an answer, or none: a licence that is over ends the seat once the server has been asked since its end. */
export function judge(step: Step, asked: SeatModel['call'], moment: Moment): Step {
  const { model } = step;
  const refusal = refusalAt(model.license, moment.now);
  if (refusal !== 'expired' && refusal !== 'stale') return step;
  const answered = asked !== undefined && asked.name !== 'heartbeat' && asked.since >= endOf(model.license);
  const then = answered ? lose(model, endReason(model.license, refusal)) : askLast(model, moment);
  return { model: then.model, effects: [...step.effects, ...then.effects] };
}

export function endReason(license: ValidLicense, refusal: RefusalReason): LossReason {
  if (refusal === 'expired') return 'license_expired';
  return isBorrowed(license) ? 'borrow_ended' : 'offline_too_long';
}

export function lose(model: SeatModel, reason: LossReason): Step {
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
