import type { ValidLicense } from '../license/result.ts';
import { isBorrowed } from '../license/strict.ts';
import { endOf, type Lease, type Moment, only, type SeatModel, SHORTEST_WAIT, type Step } from './model.ts';

/**
 * How long the last question may take, when the licence is over: less than the 5 s by which a lease outlives its end on
 * the server, so that nobody else has the seat meanwhile.
 */
export const LAST_QUESTION = 4_000;

export const acquire = (model: SeatModel, { now }: Moment): Step =>
  only({ ...model, call: { name: 'acquire', since: now } }, { type: 'acquire' });

/** A copy that is worth no more than its lease is prolonged with each heartbeat. */
export const isStrict = (license: ValidLicense, { endsAt }: Lease) =>
  !isBorrowed(license) && license.validUntil !== undefined && license.validUntil <= endsAt;

/** @param refresh the licence is signed anew as well, by the id of the session alone */
export const beat = (model: SeatModel, lease: Lease, { now }: Moment, refresh = isStrict(model.license, lease)): Step =>
  only(
    { ...model, call: { name: 'heartbeat', since: now } },
    { type: 'heartbeat', sessionId: lease.sessionId, refresh },
  );

/** The licence at hand is over. It may have been prolonged a moment ago, so the server is asked before anything ends. */
export function askLast(model: SeatModel, { now }: Moment): Step {
  const left = endOf(model.license) + LAST_QUESTION - now;
  const timeout = left > SHORTEST_WAIT && left < LAST_QUESTION ? left : LAST_QUESTION;
  return only({ ...model, call: { name: 'acquire', since: now } }, { type: 'acquire', timeout });
}
