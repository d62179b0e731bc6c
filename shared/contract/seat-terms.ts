import * as z from 'zod';
import { STARTS } from '../model/seat-terms.ts';

const DAY = 86_400;
const MAX_QUEUE = 10_000;
const MAX_HOLD_SECONDS = DAY;
const MAX_MACHINES = 100_000;
const MAX_GRACE_SECONDS = 366 * DAY;
const MAX_DURATION_SECONDS = 3_660 * DAY;

const upTo = (most: number, least = 1) => z.number().int().min(least).max(most).nullable();

/** How a licence's seats are lent. Each is off unless it is set, and `null` switches it off. */
export const seatTerms = {
  queue: z
    .strictObject({ max_length: z.number().int().min(1).max(MAX_QUEUE).describe('machines that may wait at once') })
    .nullable()
    .describe('machines wait in turn for a seat when all are taken; the customer may change it'),
  hold_seconds: upTo(MAX_HOLD_SECONDS, 0).describe(
    'a released seat is kept for its machine for so long; the customer may change it',
  ),
  machines_per_day: upTo(MAX_MACHINES).describe('different machines that may take a seat on one day (UTC)'),
  grace_seconds: upTo(MAX_GRACE_SECONDS, 0).describe(
    'seats are lent for so long after `expires_at`, with `in_grace` signed in',
  ),
  starts: z
    .enum(STARTS)
    .nullable()
    .describe(
      '`first_acquire`: the licence lasts `duration_seconds` from the first seat on; until then `expires_at` is the ' +
        'last moment to begin',
    ),
  duration_seconds: upTo(MAX_DURATION_SECONDS).describe('needed with `starts`'),
};

/** The message about a licence that starts later and would have no end. */
export const DURATION_NEEDED = 'is needed with `starts`';

/** The same terms of a new licence. */
export const newSeatTerms = {
  queue: seatTerms.queue.default(null),
  hold_seconds: seatTerms.hold_seconds.default(null),
  machines_per_day: seatTerms.machines_per_day.default(null),
  grace_seconds: seatTerms.grace_seconds.default(null),
  starts: seatTerms.starts.default(null),
  duration_seconds: seatTerms.duration_seconds.default(null),
};
