import { crc32c } from '../crypto/crc32c.ts';
import { status, statusOf } from './grpc.ts';
import { isTransient, type RetryPolicy, TRANSIENT } from './retry.ts';

/** A response with a wrong checksum or name. It was damaged in transit, so it is discarded and requested again. */
export class DamagedResponseError extends Error {
  override readonly name = 'DamagedResponseError';
}

/** KMS refuses a request that arrived damaged with INVALID_ARGUMENT and a message about its checksum. */
export const isDamagedRequest = (error: unknown): boolean =>
  statusOf(error) === status.INVALID_ARGUMENT && error instanceof Error && /checksum|crc32c/i.test(error.message);

/**
 * Google's recommendation for end-to-end integrity, the same for signing, encrypting and decrypting: discard what was
 * damaged on either way and retry a bounded number of times.
 */
export const RETRY_DAMAGED: RetryPolicy = {
  ...TRANSIENT,
  retries: (error) => error instanceof DamagedResponseError || isDamagedRequest(error) || isTransient(error),
};

/** @throws DamagedResponseError */
export function requireIntact(intact: boolean, what: string): void {
  if (!intact) throw new DamagedResponseError(`${what} was damaged between Cloud KMS and us`);
}

export type Bytes = Uint8Array | string | null | undefined;

/** A view of the same memory where possible, so that wiping it leaves no copy. */
export const bytesOf = (value: Bytes): Buffer => {
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.alloc(0);
};

/** Checksums arrive as Int64Value messages, whose value is a string, a number or a Long. */
export function checksumMatches(data: Uint8Array, wrapper: { readonly value?: unknown } | null | undefined): boolean {
  return wrapper?.value !== undefined && String(wrapper.value) === String(crc32c(data));
}
