import { Fault } from '../model/errors.ts';

/** Where a caller stands within its allowance. */
export interface Standing {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until the allowance is full again. */
  readonly reset: number;
}

/** The headers that tell a caller where it stands (draft-ietf-httpapi-ratelimit-headers, as three fields). */
export const standingHeaders = ({ limit, remaining, reset }: Standing): Record<string, string> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(Math.max(0, remaining)),
  'ratelimit-reset': String(reset),
});

export const tooMany = (standing: Standing): Fault =>
  new Fault('rate_limited', `More than ${standing.limit} requests in an hour.`, { retryAfter: standing.reset });

/** Allowances are by the hour, the same hour for all instances. */
export const WINDOW_SECONDS = 3600;

/** @param now milliseconds since the epoch */
export function windowAt(now: number): { readonly number: number; readonly reset: number } {
  const seconds = Math.floor(now / 1000);
  return { number: Math.floor(seconds / WINDOW_SECONDS), reset: WINDOW_SECONDS - (seconds % WINDOW_SECONDS) };
}
