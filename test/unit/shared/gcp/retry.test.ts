import { describe, expect, it } from 'vitest';
import { status } from '#shared/gcp/grpc.ts';
import { DamagedResponseError, isDamagedRequest, RETRY_DAMAGED } from '#shared/gcp/kms-integrity.ts';
import { isTransient, retrying, TRANSIENT } from '#shared/gcp/retry.ts';

const failure = (code: number | undefined, message: string) =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe('what may be sent again', () => {
  it.each([
    [status.UNAVAILABLE, 'name resolution failed'],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded'],
    [status.INTERNAL, 'RST_STREAM'],
    [status.ABORTED, 'too much contention'],
    [status.UNKNOWN, 'Getting metadata from plugin failed with error: Could not refresh access token'],
    [status.UNKNOWN, 'Getting metadata from plugin failed with error: request to http://169.254.169.254 failed'],
    [undefined, 'Invalid response body while trying to fetch: Premature close'],
  ])('%s %s', (code, message) => {
    expect(isTransient(failure(code, message))).toBe(true);
  });

  it.each([
    [status.UNKNOWN, 'something else'],
    [status.INVALID_ARGUMENT, 'The request is malformed'],
    [status.PERMISSION_DENIED, 'no'],
    [status.RESOURCE_EXHAUSTED, 'quota'],
    [status.NOT_FOUND, 'no such key'],
    [undefined, 'a bug of ours'],
  ])('but not %s %s', (code, message) => {
    expect(isTransient(failure(code, message))).toBe(false);
    expect(RETRY_DAMAGED.retries(failure(code, message))).toBe(false);
  });

  it.each([
    'The checksum in field digest_crc32c did not match the data in field digest.',
    'The checksum in field plaintext_crc32c did not match the data in field plaintext.',
    'The checksum in field ciphertext_crc32c did not match the data in field ciphertext.',
    'additional_authenticated_data_crc32c does not match',
  ])('a request that KMS found damaged: %s', (message) => {
    const error = failure(status.INVALID_ARGUMENT, message);
    expect(isDamagedRequest(error)).toBe(true);
    expect(RETRY_DAMAGED.retries(error)).toBe(true);
    expect(TRANSIENT.retries(error)).toBe(false);
  });

  it('a damaged response, a bounded number of times', async () => {
    let calls = 0;
    const damaged = async () => {
      calls += 1;
      throw new DamagedResponseError('the signature was damaged');
    };
    await expect(retrying(damaged, { ...RETRY_DAMAGED, backoff: 0 })).rejects.toThrow('damaged');
    expect(calls).toBe(4);
  });
});
