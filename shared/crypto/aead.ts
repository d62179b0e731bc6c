import { createCipheriv, createDecipheriv, type DecipherGCM } from 'node:crypto';

/** AES-256-GCM with the sizes that NIST SP 800-38D recommends: a 96-bit IV and the full tag. */
export const KEY_BYTES = 32;
export const IV_BYTES = 12;
export const TAG_BYTES = 16;

const ALGORITHM = 'aes-256-gcm';
const OPTIONS = { authTagLength: TAG_BYTES };

/**
 * Data is encrypted in pieces of this size: Node allocates the output of every update, and one large update runs at a
 * third of the speed. Measured: equal from 64 to 512 KiB, slower at 32 KiB and from 1 MiB. One piece at a time is in
 * memory twice.
 */
const PIECE_BYTES = 128 * 1024;

export interface AeadParameters {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** 12 bytes; must never repeat with the same key. */
  readonly iv: Uint8Array;
  /** Authenticated and not encrypted: decryption needs the same bytes. */
  readonly associatedData: Uint8Array;
}

/**
 * Encrypts into `target` as ciphertext ‖ tag, so that no second copy of a large ciphertext exists.
 *
 * @param target `plaintext.length + TAG_BYTES` bytes, not overlapping `plaintext`
 * @throws TypeError for a key, IV or target of another size
 */
export function aesGcmSeal(target: Uint8Array, parameters: AeadParameters, plaintext: Uint8Array): void {
  requireSizes(parameters);
  if (target.length !== plaintext.length + TAG_BYTES) throw new TypeError('the target has a wrong size');
  const cipher = createCipheriv(ALGORITHM, parameters.key, parameters.iv, OPTIONS);
  cipher.setAAD(parameters.associatedData);
  for (let at = 0; at < plaintext.length; at += PIECE_BYTES) {
    target.set(cipher.update(plaintext.subarray(at, at + PIECE_BYTES)), at);
  }
  cipher.final();
  target.set(cipher.getAuthTag(), plaintext.length);
}

/**
 * Decrypts.
 * @param sealed ciphertext ‖ tag
 * @returns the plaintext in memory of its own; undefined when authentication fails, after the decrypted bytes are wiped
 * @throws TypeError for a key or IV of another size
 */
export function aesGcmOpen(parameters: AeadParameters, sealed: Uint8Array): Buffer | undefined {
  requireSizes(parameters);
  const length = sealed.length - TAG_BYTES;
  if (length < 0) return undefined;
  const decipher = createDecipheriv(ALGORITHM, parameters.key, parameters.iv, OPTIONS);
  decipher.setAAD(parameters.associatedData);
  decipher.setAuthTag(sealed.subarray(length));
  // Not from Buffer's pool, whose memory other code can read through `.buffer`.
  const plaintext = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = decipher.update(sealed.subarray(at, Math.min(at + PIECE_BYTES, length)));
    plaintext.set(piece, at);
    piece.fill(0);
  }
  if (isAuthentic(decipher)) return plaintext;
  plaintext.fill(0);
  return undefined;
}

function requireSizes({ key, iv }: AeadParameters): void {
  if (key.length !== KEY_BYTES) throw new TypeError(`an AES-256-GCM key has ${KEY_BYTES} bytes, not ${key.length}`);
  if (iv.length !== IV_BYTES) throw new TypeError(`an AES-256-GCM IV has ${IV_BYTES} bytes here, not ${iv.length}`);
}

function isAuthentic(decipher: DecipherGCM): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
