import { parseTime } from '../../../shared/license-format/time.ts';
import type { JsonObject } from '../json.ts';
import type { LicenseTimes, RefusalReason } from './result.ts';

/** How far clocks that are right may differ, in milliseconds. The one tolerance there is. */
export const CLOCK_TOLERANCE = 5 * 60_000;

/**
 * A member that is absent or null bounds nothing; a borrowed copy must say until when it is borrowed, and works no longer.
 * @returns undefined when one of them is no time
 */
export function readTimes(claims: JsonObject): LicenseTimes | undefined {
  const read = (name: string) => {
    const value = claims[name];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? (parseTime(value) ?? Number.NaN) : Number.NaN;
  };
  const [signedAt, expiresAt, end] = [read('signed_at'), read('expires_at'), read('valid_until')];
  const borrowedUntil =
    claims['mode'] === 'borrowed' ? (read('borrowed_until') ?? Number.NaN) : Number.POSITIVE_INFINITY;
  if ([signedAt, expiresAt, end, borrowedUntil].some(Number.isNaN)) return undefined;
  const validUntil = Number.isFinite(borrowedUntil) ? Math.min(end ?? borrowedUntil, borrowedUntil) : end;
  // In the grace after the licence's end a seat is good as long as its copy says.
  const isInGrace = claims['kind'] === 'seat' && claims['in_grace'] === true && validUntil !== undefined;
  return {
    ...(signedAt === undefined ? {} : { signedAt }),
    ...(expiresAt === undefined || isInGrace ? {} : { expiresAt }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
}

export function refusalAt({ signedAt, expiresAt, validUntil }: LicenseTimes, now: number): RefusalReason | undefined {
  if (signedAt !== undefined && signedAt > now + CLOCK_TOLERANCE) return 'not_yet_valid';
  if (expiresAt !== undefined && expiresAt <= now) return 'expired';
  return validUntil !== undefined && validUntil <= now ? 'stale' : undefined;
}
