import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Licence keys: `CS-XXXXX-XXXXX-…`, eight groups of five characters to be read aloud. The alphabet is Crockford's
 * base 32 (no I, L, O, U; small letters and confusable ones are read as what they look like). Twelve characters name
 * the licence, 27 are random (135 bits), the last one checks the others, so that a typing error is told from an
 * unknown key without asking anybody. Only the key's SHA-256 is ever stored.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const ID_LENGTH = 12;
const SECRET_LENGTH = 27;
const LENGTH = ID_LENGTH + SECRET_LENGTH + 1;
const PREFIX = 'CS';

export type RandomBytes = (size: number) => Uint8Array;

export interface LicenseKey {
  readonly licenseId: string;
  /** The one spelling that is hashed, signed and shown. */
  readonly text: string;
}

/** A fresh licence id: `lic_` and twelve characters (60 bits). */
export function newLicenseId(random: RandomBytes = randomBytes): string {
  return `lic_${characters(ID_LENGTH, random).toLowerCase()}`;
}

/** A fresh key for a licence. @throws TypeError for an id that `newLicenseId` did not make */
export function newLicenseKey(licenseId: string, random: RandomBytes = randomBytes): LicenseKey {
  if (!isLicenseId(licenseId)) throw new TypeError('not a licence id');
  const body = licenseId.slice('lic_'.length).toUpperCase() + characters(SECRET_LENGTH, random);
  return { licenseId, text: group(body + checkCharacter(body)) };
}

/** Reads a key as people type it. @returns undefined when it cannot be a key, by its length, letters or check */
export function parseLicenseKey(typed: string): LicenseKey | undefined {
  if (typed.length > 2 * LENGTH) return undefined;
  const plain = typed.toUpperCase().replace(/[\s-]/g, '');
  // By length, since a key typed without its prefix may begin with these letters itself.
  const bare = plain.length === LENGTH ? plain : plain.replace(new RegExp(`^${PREFIX}`), '');
  const body = bare.replace(/O/g, '0').replace(/[IL]/g, '1');
  if (body.length !== LENGTH || [...body].some((character) => !ALPHABET.includes(character))) return undefined;
  if (checkCharacter(body.slice(0, -1)) !== body.at(-1)) return undefined;
  return { licenseId: `lic_${body.slice(0, ID_LENGTH).toLowerCase()}`, text: group(body) };
}

export const isLicenseId = (text: string): boolean => /^lic_[0-9a-hjkmnp-tv-z]{12}$/.test(text);

/** SHA-256 of the key's one spelling, hexadecimal. The key's own 135 bits make salt and stretching needless. */
export const hashLicenseKey = (key: LicenseKey): string => createHash('sha256').update(key.text).digest('hex');

/** Compares two hexadecimal digests without telling by the time taken where they differ. */
export function sameDigest(a: string, b: string): boolean {
  // The text and not its bytes: decoding stops at what is not hexadecimal, and two such texts would be the same.
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function characters(count: number, random: RandomBytes): string {
  return Array.from(random(count), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

const group = (body: string) => `${PREFIX}-${(body.match(/.{5}/g) ?? []).join('-')}`;

/** Luhn mod N with N = 32: notices every wrong character and nearly every swap of neighbours. */
function checkCharacter(body: string): string {
  let sum = 0;
  let factor = 2;
  for (const character of [...body].reverse()) {
    const product = factor * ALPHABET.indexOf(character);
    sum += Math.floor(product / ALPHABET.length) + (product % ALPHABET.length);
    factor = 3 - factor;
  }
  return ALPHABET[(ALPHABET.length - (sum % ALPHABET.length)) % ALPHABET.length] ?? '';
}
