import type { JsonObject } from '../json.ts';
import type { LicenseTimes, RefusalReason } from './result.ts';

/** How far the signer's clock may be ahead of ours, in milliseconds. */
const CLOCK_TOLERANCE = 60_000;

const TIME = /^\d{4}-\d{2}-\d{2}(T(?!24)\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * @param text an RFC 3339 time, or a date alone, which is its first moment in UTC
 * @returns milliseconds since the epoch, or undefined when the text is neither
 */
export function parseTime(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse lets 30 February roll over into March; the day must be the one that was written.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return day.toISOString().startsWith(text.slice(0, 10)) ? milliseconds : undefined;
}

/** A member that is absent or null bounds nothing. @returns undefined when one of them is no time */
export function readTimes(claims: JsonObject): LicenseTimes | undefined {
  const read = (name: string) => {
    const value = claims[name];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'string' ? (parseTime(value) ?? Number.NaN) : Number.NaN;
  };
  const [signedAt, expiresAt, validUntil] = [read('signed_at'), read('expires_at'), read('valid_until')];
  if ([signedAt, expiresAt, validUntil].some(Number.isNaN)) return undefined;
  return {
    ...(signedAt === undefined ? {} : { signedAt }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(validUntil === undefined ? {} : { validUntil }),
  };
}

export function refusalAt({ signedAt, expiresAt, validUntil }: LicenseTimes, now: number): RefusalReason | undefined {
  if (signedAt !== undefined && signedAt > now + CLOCK_TOLERANCE) return 'not_yet_valid';
  if (expiresAt !== undefined && expiresAt <= now) return 'expired';
  return validUntil !== undefined && validUntil <= now ? 'stale' : undefined;
}
