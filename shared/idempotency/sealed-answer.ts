import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { aesGcmOpen, aesGcmSeal, IV_BYTES, TAG_BYTES } from '../crypto/aead.ts';

/**
 * Seals an answer that has to be given again: it may hold a licence key, which nothing stores in the clear. The key is
 * derived from the Idempotency-Key, so only a caller who has that can open the answer.
 * @param path the record's, to which the answer is bound
 * @returns base64url of IV ‖ ciphertext ‖ tag; the text is compressed first
 */
export function sealAnswer(sealKey: Uint8Array, path: string, answer: string): string {
  const plaintext = deflateRawSync(Buffer.from(answer));
  const iv = randomBytes(IV_BYTES);
  const sealed = Buffer.alloc(plaintext.length + TAG_BYTES);
  aesGcmSeal(sealed, { key: sealKey, iv, associatedData: Buffer.from(path) }, plaintext);
  return Buffer.concat([iv, sealed]).toString('base64url');
}

/** @returns undefined for an answer that was sealed under another key or path, or altered */
export function openAnswer(sealKey: Uint8Array, path: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  const iv = bytes.subarray(0, IV_BYTES);
  if (iv.length < IV_BYTES) return undefined;
  const parameters = { key: sealKey, iv, associatedData: Buffer.from(path) };
  const plaintext = aesGcmOpen(parameters, bytes.subarray(IV_BYTES));
  return plaintext && inflateRawSync(plaintext).toString();
}
