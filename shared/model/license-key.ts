import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  encodeCharacters,
  formatLicenseKey,
  ID_LENGTH,
  type LicenseKey,
  SECRET_LENGTH,
} from '../license-format/license-key.ts';

export type RandomBytes = (size: number) => Uint8Array;

/** A fresh licence id: `lic_` and twelve characters (60 bits). */
export const newLicenseId = (random: RandomBytes = randomBytes): string =>
  `lic_${encodeCharacters(random(ID_LENGTH)).toLowerCase()}`;

/** A fresh key for a licence. @throws TypeError for an id that `newLicenseId` did not make */
export const newLicenseKey = (licenseId: string, random: RandomBytes = randomBytes): LicenseKey =>
  formatLicenseKey(licenseId, encodeCharacters(random(SECRET_LENGTH)));

/**
 * SHA-256 of the key's canonical spelling, hexadecimal; the only form in which a key is stored. The 135 random bits of
 * the key make salt and stretching unnecessary.
 */
export const hashLicenseKey = (key: LicenseKey): string => createHash('sha256').update(key.text).digest('hex');

/** Compares two hexadecimal digests in a time that does not depend on where they differ. */
export function sameDigest(a: string, b: string): boolean {
  // The characters are compared, not the decoded bytes: decoding stops at the first character that is not hexadecimal.
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
