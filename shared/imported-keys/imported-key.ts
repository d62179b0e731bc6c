import { createHmac } from 'node:crypto';
import { normalizeLicenseKey } from '../license-format/license-key.ts';

/** Characters of a key of an older system, as it is written and as it is read. */
export const MIN_IMPORTED_LENGTH = 16;
export const MAX_IMPORTED_LENGTH = 200;

/** Longer texts are not read at all. */
const LONGEST_TYPED = 512;

/**
 * The canonical spelling of a key of an older system: its letters and digits, by the one rule for all licence keys.
 * @returns undefined for what is too short or too long
 */
export function readImportedKey(typed: string): string | undefined {
  if (typed.length > LONGEST_TYPED) return undefined;
  const text = normalizeLicenseKey(typed);
  return text.length < MIN_IMPORTED_LENGTH || text.length > MAX_IMPORTED_LENGTH ? undefined : text;
}

/**
 * HMAC-SHA-256 of a key's canonical spelling, hexadecimal; the only form in which it is stored. An older system's keys
 * may be weak, so without the pepper a copy of the store must not tell whether a guess is right.
 */
export const hashImportedKey = (pepper: string, text: string): string =>
  createHmac('sha256', pepper).update(`countersign/imported-key/v1:${text}`).digest('hex');
