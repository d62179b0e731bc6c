import { parseTime } from '../license-format/time.ts';
import type { InvalidReason } from './verify.ts';

/** How far clocks that are right may differ, in milliseconds; the client has the same. */
const CLOCK_TOLERANCE = 5 * 60_000;

/**
 * The validity period of signed data, in milliseconds since the epoch. `until`: the earlier of `expires_at` and
 * `valid_until`; for a seat in the grace after its licence's end, `valid_until` alone.
 */
export interface Validity {
  readonly signedAt: number | undefined;
  readonly until: number | undefined;
}

/**
 * Reads `signed_at`, `expires_at` and `valid_until`. A member that is absent or null sets no limit.
 * @returns undefined when one of them is not an RFC 3339 time
 */
export function readValidity(claims: Readonly<Record<string, unknown>>): Validity | undefined {
  const signedAt = readTime(claims['signed_at']);
  const [expiresAt, validUntil] = [readTime(claims['expires_at']), readTime(claims['valid_until'])];
  if (Number.isNaN(signedAt) || Number.isNaN(expiresAt) || Number.isNaN(validUntil)) return undefined;
  const isInGrace = claims['kind'] === 'seat' && claims['in_grace'] === true && validUntil !== undefined;
  return { signedAt, until: isInGrace ? validUntil : earlier(expiresAt, validUntil) };
}

/** The earlier of two times. */
const earlier = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** Undefined for an absent or null member; NaN for one that is not a time. */
function readTime(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') return Number.NaN;
  return OWN.test(value) ? readDigits(value) : (parseTime(value) ?? Number.NaN);
}

/** As `formatTime` writes it, within `parseTime`'s years, on a day that every month has: a third of the work of parsing. */
const OWN = /^[2-8]\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

function readDigits(text: string): number {
  const two = (at: number) => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * 48;
  const seconds = Date.UTC(two(0) * 100 + two(2), two(5) - 1, two(8), two(11), two(14), two(17));
  return seconds + two(20) * 10 + text.charCodeAt(22) - 48;
}

export function invalidReasonAt(validity: Validity, now: number): InvalidReason | undefined {
  if (validity.signedAt !== undefined && validity.signedAt > now + CLOCK_TOLERANCE) return 'not_yet_valid';
  return validity.until !== undefined && validity.until <= now ? 'expired' : undefined;
}
