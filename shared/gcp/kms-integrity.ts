import { crc32c } from '../crypto/crc32c.ts';
import { isTransient, type RetryPolicy, TRANSIENT } from './retry.ts';

/** An answer whose checksum or name is not what it should be: damaged on its way, so it is thrown away and asked again. */
export class DamagedAnswer extends Error {
  override readonly name = 'DamagedAnswer';
}

/** What Google recommends for end-to-end integrity: discard, and try a bounded number of times. */
export const intactOrRetried: RetryPolicy = {
  ...TRANSIENT,
  retries: (error) => error instanceof DamagedAnswer || isTransient(error),
};

/** @throws DamagedAnswer */
export function requireIntact(intact: boolean, what: string): void {
  if (!intact) throw new DamagedAnswer(`${what} was damaged between Cloud KMS and us`);
}

export type Bytes = Uint8Array | string | null | undefined;

/** The same memory where it can be, so that wiping it leaves no copy. */
export const bytesOf = (value: Bytes): Buffer => {
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.alloc(0);
};

/** Checksums arrive as Int64Value wrappers, whose value is a string, a number or a Long. */
export function checksumMatches(data: Uint8Array, wrapper: { readonly value?: unknown } | null | undefined): boolean {
  return wrapper?.value !== undefined && String(wrapper.value) === String(crc32c(data));
}
