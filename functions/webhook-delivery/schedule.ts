/** Seconds between an attempt and the next, the recommendation of Standard Webhooks: ten attempts in three days. */
const DELAYS = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/** Deliveries that failed together do not come back together. They come a little early, never late. */
const JITTER = 0.1;

/** The longest wait that an endpoint may ask for. */
const MAX_RETRY_AFTER = 86_400_000;

/** An endpoint at which everything has failed for so long is disabled; milliseconds. */
export const DISABLE_AFTER = 5 * 86_400_000;

export interface FailedAttempt {
  /** Attempts so far, this one included. */
  readonly attempt: number;
  /** Milliseconds since the epoch at which it was made. */
  readonly at: number;
  /** Milliseconds that the endpoint asked to wait. */
  readonly retryAfter: number | undefined;
  /** From 0 to 1. */
  readonly random: number;
}

/** When the next attempt is due, in milliseconds since the epoch; undefined when this was the last. */
export function nextAttempt({ attempt, at, retryAfter = 0, random }: FailedAttempt): number | undefined {
  const seconds = DELAYS[attempt - 1];
  if (seconds === undefined) return undefined;
  const delay = Math.floor(seconds * 1000 * (1 - JITTER * random));
  return at + Math.max(delay, Math.min(retryAfter, MAX_RETRY_AFTER));
}

/**
 * The wait that a Retry-After header asks for (RFC 9110, section 10.2.3): seconds, or a date, which is compared with the
 * endpoint's own Date, since its clock may be another.
 * @param now milliseconds since the epoch, for an answer without Date
 * @returns milliseconds; undefined for a header that says nothing
 */
export function retryAfterOf(text: string | undefined, date: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
  const until = Date.parse(text);
  const from = date === undefined ? now : Date.parse(date);
  const wait = until - (Number.isNaN(from) ? now : from);
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}
