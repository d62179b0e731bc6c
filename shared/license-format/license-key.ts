import { ALPHABET } from './crockford.ts';

/**
 * The spelling of licence keys: `CS-XXXXX-XXXXX-…`, eight groups of five characters that can be read aloud. The alphabet
 * is Crockford's base 32: no I, L, O or U; lower-case letters and the confusable ones are read as the characters that
 * they look like. Twelve characters name the licence, 27 are random (135 bits), and the last one is a check character,
 * which tells a typing error from an unknown key without a lookup.
 */
export const ID_LENGTH = 12;
export const SECRET_LENGTH = 27;
const LENGTH = ID_LENGTH + SECRET_LENGTH + 1;
const PREFIX = 'CS';
/** Room for separators and invisible characters around each character, and a bound for what reading it costs. */
const LONGEST_TYPED = 512;

export interface LicenseKey {
  readonly licenseId: string;
  /** The canonical spelling, the only one that is hashed, signed and shown. */
  readonly text: string;
}

export const isLicenseId = (text: string): boolean => /^lic_[0-9a-hjkmnp-tv-z]{12}$/.test(text);

/** @param random bytes, of which each becomes one character of the alphabet */
export const encodeCharacters = (random: Uint8Array): string =>
  Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join('');

/**
 * The key of a licence with a given secret part.
 * @param secret `SECRET_LENGTH` characters of the alphabet
 * @throws TypeError for an id that is not a licence id
 */
export function formatLicenseKey(licenseId: string, secret: string): LicenseKey {
  if (!isLicenseId(licenseId)) throw new TypeError('not a licence id');
  const body = licenseId.slice('lic_'.length).toUpperCase() + secret;
  return { licenseId, text: group(body + checkCharacter(body)) };
}

/**
 * The letters and digits of a licence key as somebody typed, dictated, printed or pasted it, in upper case. Separators
 * carry no meaning, so every other character is dropped.
 * @returns an empty string when the text holds no letter and no digit
 */
export const normalizeLicenseKey = (typed: string): string =>
  typed
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '');

/** Whether a text that reads as a key begins with the prefix, which people may leave out. */
export const hasPrefix = (typed: string): boolean => normalizeLicenseKey(typed).length === PREFIX.length + LENGTH;

/**
 * Reads a key as people type, paste and print it: with or without prefix, and by `normalizeLicenseKey`'s rule.
 * @returns undefined when its length, letters or check character are wrong
 */
export function parseLicenseKey(typed: string): LicenseKey | undefined {
  if (typed.length > LONGEST_TYPED) return undefined;
  const plain = normalizeLicenseKey(typed);
  // The length decides, since a key typed without its prefix may begin with the same letters.
  const bare = plain.length === LENGTH ? plain : plain.replace(new RegExp(`^${PREFIX}`), '');
  const body = bare.replace(/O/g, '0').replace(/[IL]/g, '1');
  if (body.length !== LENGTH || [...body].some((character) => !ALPHABET.includes(character))) return undefined;
  if (checkCharacter(body.slice(0, -1)) !== body.at(-1)) return undefined;
  return { licenseId: `lic_${body.slice(0, ID_LENGTH).toLowerCase()}`, text: group(body) };
}

const group = (body: string) => `${PREFIX}-${(body.match(/.{5}/g) ?? []).join('-')}`;

/** Luhn mod N with N = 32: detects every wrong character and nearly every swap of neighbours. */
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
