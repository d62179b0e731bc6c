export const SIGNING_ALGORITHM = 'GOOG4-RSA-SHA256';

/** Seven days in seconds, the maximum of V4. */
export const MAX_EXPIRATION = 604_800;

/** @param date in ISO 8601's basic form */
export const credentialScopeOf = (date: string): string => `${date.slice(0, 8)}/auto/storage/goog4_request`;

/** @throws RangeError */
export function checkedExpiration(seconds: number): number {
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRATION)
    throw new RangeError(`expiration is not a whole number of seconds from 1 to ${MAX_EXPIRATION}`);
  return seconds;
}

/** @throws TypeError */
export function checkedEmail(email: string): string {
  if (email === '' || email.includes('/') || !email.isWellFormed())
    throw new TypeError('clientEmail is empty, or has a slash or a lone surrogate');
  return email;
}
