import { ALPHABET } from './crockford.ts';

/**
 * A request code is a hardware id in a form that people type, dictate and scan: `HW-1XXXX-XXXXX-…`, in the alphabet of
 * licence keys. Somebody carries it from a machine without a network to where its licence file is made.
 *
 * After the prefix come one character for the kind of id, its bytes in base 32, and six check characters: the BCH code of
 * BIP-350 (Bech32m) over these symbols. In up to 89 of them, which every hashed id has, it detects any four wrong
 * characters, and so any two that were swapped.
 */
export const PREFIX = 'HW';
/** 32 bytes, written in hexadecimal: what the client derives from a machine. */
export const HASHED = '1';
/** Any other id, in UTF-8. */
export const NAMED = '2';
export const GROUP_LENGTH = 5;
export const CHECK_LENGTH = 6;
/** The checksum of every request code. */
export const RESIDUE = 0x2bc830a3;
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** @param hardwareId 1 to 256 characters */
export function requestCode(hardwareId: string): string {
  const isHashed = /^[0-9a-f]{64}$/.test(hardwareId);
  const bytes = isHashed
    ? Uint8Array.from(hardwareId.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
    : new TextEncoder().encode(hardwareId);
  const body = (isHashed ? HASHED : NAMED) + toBase32(bytes);
  const check = checksum(body + ALPHABET.charAt(0).repeat(CHECK_LENGTH)) ^ RESIDUE;
  const characters = Array.from({ length: CHECK_LENGTH }, (_, index) =>
    ALPHABET.charAt((check >> (5 * (CHECK_LENGTH - 1 - index))) & 31),
  );
  return grouped(body + characters.join(''));
}

/** @param body a request code without prefix and separators */
export const grouped = (body: string): string =>
  [PREFIX, ...(body.match(new RegExp(`.{1,${GROUP_LENGTH}}`, 'g')) ?? [])].join('-');

/** @param body characters of the alphabet */
export const checksum = (body: string): number =>
  [...body].reduce((sum, character) => nextChecksum(sum, ALPHABET.indexOf(character)), 1);

/** The checksum after one more symbol, 0 to 31. */
export function nextChecksum(sum: number, symbol: number): number {
  const top = sum >> 25;
  const shifted = ((sum & 0x1ffffff) << 5) ^ symbol;
  return GENERATOR.reduce((next, generator, bit) => ((top >> bit) & 1 ? next ^ generator : next), shifted);
}

/** Without padding; the bits that the last character has to spare are zero. */
function toBase32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => ALPHABET.charAt(Number.parseInt(five.padEnd(5, '0'), 2))).join('');
}
