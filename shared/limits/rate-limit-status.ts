import { Fault } from '../model/errors.ts';

/** A caller's rate limit after the request that was just counted. */
export interface RateLimitStatus {
  /** False when this request exceeds the limit. */
  readonly allowed: boolean;
  /** Requests an hour. */
  readonly limit: number;
  /** Requests left in this hour; below zero when the limit is exceeded. */
  readonly remaining: number;
  /** Whole seconds until the next hour begins. */
  readonly reset: number;
}

/** The RateLimit-* response headers (draft-ietf-httpapi-ratelimit-headers, as three fields). */
export const rateLimitHeaders = ({ limit, remaining, reset }: RateLimitStatus): Record<string, string> => ({
  'ratelimit-limit': String(limit),
  'ratelimit-remaining': String(Math.max(0, remaining)),
  'ratelimit-reset': String(reset),
});

export const rateLimited = (status: RateLimitStatus): Fault =>
  new Fault('rate_limited', `The limit is ${status.limit} requests an hour.`, { retryAfter: status.reset });

/** Limits are counted in fixed windows of one hour, the same for all instances. */
export const WINDOW_SECONDS = 3600;

/**
 * The window that a moment is in.
 * @param now milliseconds since the epoch
 * @returns the window's number, and the seconds until the next one begins
 */
export function windowAt(now: number): { readonly number: number; readonly reset: number } {
  const seconds = Math.floor(now / 1000);
  return { number: Math.floor(seconds / WINDOW_SECONDS), reset: WINDOW_SECONDS - (seconds % WINDOW_SECONDS) };
}
