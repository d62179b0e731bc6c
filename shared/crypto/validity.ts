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
  return typeof value === 'string' ? (parseTime(value) ?? Number.NaN) : Number.NaN;
}

export function invalidReasonAt(validity: Validity, now: number): InvalidReason | undefined {
  if (validity.signedAt !== undefined && validity.signedAt > now + CLOCK_TOLERANCE) return 'not_yet_valid';
  return validity.until !== undefined && validity.until <= now ? 'expired' : undefined;
}
