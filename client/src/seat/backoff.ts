/**
 * When to call next. Thousands of clients meet the same outage at the same moment; what keeps them from coming back at
 * the same moment is here. All times are milliseconds; `random` gives 0 up to but not including 1.
 */
export interface Backoff {
  /** After a good answer: the interval, or up to an eighth sooner. Never later: the lease counts on it. */
  nextHeartbeat(interval: number): number;
  /** After the first acquire: somewhere within an interval, so that those who started together part. */
  firstHeartbeat(interval: number): number;
  /** After the nth failure in a row: a fifth of the interval, doubling up to all of it, the last half of it at random. */
  retry(failures: number, interval: number, retryAfter?: number): number;
  /** Once more before a lease is over that ends in so many milliseconds, and not at its last moment. */
  lastBefore(leaseEnd: number, interval: number): number;
  /** The same before there is a seat, while somebody is waiting: a second, doubling up to a minute. */
  retryStart(failures: number, retryAfter?: number): number;
}

const FIRST_RETRY = 0.2;
const SHORTEST = 1_000;
const LONGEST_AT_START = 60_000;

export function createBackoff(random: () => number): Backoff {
  function delay(failures: number, first: number, longest: number, retryAfter = 0): number {
    const wait = Math.max(SHORTEST, Math.min(longest, first * 2 ** Math.min(failures - 1, 30))) * (0.5 + random() / 2);
    // Everybody was told the same Retry-After: none comes before it, and not all of them at it.
    return retryAfter > wait ? retryAfter * (1 + random() / 2) : wait;
  }
  return {
    nextHeartbeat: (interval) => interval * (1 - random() / 8),
    firstHeartbeat: (interval) => interval * (0.25 + 0.75 * random()),
    retry: (failures, interval, retryAfter) => delay(failures, interval * FIRST_RETRY, interval, retryAfter),
    lastBefore: (leaseEnd, interval) => leaseEnd - interval * (0.05 + 0.9 * random()),
    retryStart: (failures, retryAfter) => delay(failures, SHORTEST, LONGEST_AT_START, retryAfter),
  };
}

/** When half of the time between signing and the end of the offline time is over, a fresh signature is asked for. */
export const renewalDue = (signedAt: number | undefined, validUntil: number | undefined, now: number): boolean =>
  validUntil !== undefined && now >= (signedAt ?? now) + (validUntil - (signedAt ?? now)) / 2;
