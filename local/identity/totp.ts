import { createHmac } from 'node:crypto';

/** As Identity Platform's TOTP has it: HMAC-SHA-1, six digits, 30 seconds (RFC 6238). */
export const TOTP_PERIOD_SECONDS = 30;
export const TOTP_DIGITS = 6;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * The code of a moment.
 * @param secret in base32 (RFC 4648), as authenticator apps take it
 * @param now milliseconds since the epoch
 */
export function totpCode(secret: string, now: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 1000 / TOTP_PERIOD_SECONDS)));
  const mac = createHmac('sha1', fromBase32(secret)).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0xf;
  const number = (mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** TOTP_DIGITS;
  return String(number).padStart(TOTP_DIGITS, '0');
}

/** Whether a code is that of the moment, or of the period before or after it. */
export const isTotpCode = (secret: string, code: string, now: number): boolean =>
  [-1, 0, 1].some((shift) => totpCode(secret, now + shift * TOTP_PERIOD_SECONDS * 1000) === code);

export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** @throws TypeError for a text that is no base32 */
function fromBase32(text: string): Buffer {
  const bits = [...text.toUpperCase().replace(/[=\s]/g, '')].map((character) => {
    const value = BASE32.indexOf(character);
    if (value < 0) throw new TypeError('a TOTP secret is in base32');
    return value.toString(2).padStart(5, '0');
  });
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
