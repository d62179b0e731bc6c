import { createHmac, scrypt } from 'node:crypto';
import { invalid } from '../model/errors.ts';

/**
 * Everything that is derived from an Idempotency-Key. The key itself is never stored, so a copy of the store tells neither
 * which keys were used, nor what the requests and answers contained.
 */
export interface IdempotencySecrets {
  /** The path of the record. */
  readonly path: string;
  /** For the MAC of the request: a repeat with another request is recognised without storing the first one. */
  readonly macKey: Uint8Array;
  /** The AES-256 key that seals the answer. */
  readonly sealKey: Uint8Array;
}

/** Milliseconds for which an answer is given again. */
export const IDEMPOTENCY_RETENTION = 86_400_000;

/** About 30 ms a guess, for keys that are easy to guess. */
const SCRYPT = { N: 2 ** 14, r: 8, p: 1 };
const PART_BYTES = 32;

/** @param caller keys of different callers are independent */
export function deriveSecrets(caller: string, key: string): Promise<IdempotencySecrets> {
  return new Promise((resolve, reject) => {
    scrypt(key, `countersign/idempotency/v1:${caller}`, 3 * PART_BYTES, SCRYPT, (error, derived) => {
      if (error) return reject(error);
      return resolve({
        path: `idempotency/${derived.toString('hex', 0, PART_BYTES)}`,
        macKey: derived.subarray(PART_BYTES, 2 * PART_BYTES),
        sealKey: derived.subarray(2 * PART_BYTES),
      });
    });
  });
}

/** HMAC-SHA-256 of a request in pieces, hexadecimal. */
export function macOf(key: Uint8Array, pieces: readonly (Uint8Array | string)[]): string {
  const mac = createHmac('sha256', key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest('hex');
}

/** @throws Fault `invalid_request` for a key that is too short to be unguessable, or too long */
export function idempotencyKeyIn(headers: Readonly<Record<string, string | undefined>>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || /^[\x21-\x7e]{16,255}$/.test(key)) return key;
  throw invalid([{ path: 'Idempotency-Key', message: 'must be 16 to 255 visible ASCII characters' }]);
}
