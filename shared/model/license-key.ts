import { createHash, randomBytes } from 'node:crypto';
import {
  encodeCharacters,
  formatLicenseKey,
  ID_LENGTH,
  type LicenseKey,
  SECRET_LENGTH,
} from '../license-format/license-key.ts';

const KEY_ID_LENGTH = 16;

export type RandomBytes = (size: number) => Uint8Array;

/** A fresh licence id: `lic_` and twelve characters (60 bits). */
export const newLicenseId = (random: RandomBytes = randomBytes): string =>
  `lic_${encodeCharacters(random(ID_LENGTH)).toLowerCase()}`;

/** A fresh key for a licence. @throws TypeError for an id that `newLicenseId` did not make */
export const newLicenseKey = (licenseId: string, random: RandomBytes = randomBytes): LicenseKey =>
  formatLicenseKey(licenseId, encodeCharacters(random(SECRET_LENGTH)));

/** A fresh id of a key's record, which says nothing of the key: `key_` and sixteen characters (80 bits). */
export const newKeyId = (random: RandomBytes = randomBytes): string =>
  `key_${encodeCharacters(random(KEY_ID_LENGTH)).toLowerCase()}`;

export const isKeyId = (text: string): boolean => /^key_[0-9a-hjkmnp-tv-z]{16}$/.test(text);

/**
 * SHA-256 of the key's canonical spelling, hexadecimal; the only form in which a key is stored. The 135 random bits of
 * the key make salt and stretching unnecessary.
 */
export const hashLicenseKey = (key: LicenseKey): string => createHash('sha256').update(key.text).digest('hex');
