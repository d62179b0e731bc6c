import type { KeyManagementServiceClient } from '@google-cloud/kms';
import { crc32c } from '../crypto/crc32c.ts';
import type { KeyUnwrapper, KeyWrapper } from '../crypto/envelope.ts';
import { Fault } from '../model/errors.ts';
import { sendOnce, status, statusOf } from './grpc.ts';
import { bytesOf, checksumMatches, isDamagedRequest, RETRY_DAMAGED, requireIntact } from './kms-integrity.ts';
import { retrying } from './retry.ts';

/** Milliseconds. */
const TIMEOUT = 5_000;

const checksum = (data: Uint8Array) => ({ value: crc32c(data) });

/** Tink's envelope binds its associated data to the payload; the KMS call has none. */
const NOTHING = Buffer.alloc(0);

const withAssociatedData = (additionalAuthenticatedData: Buffer) => ({
  additionalAuthenticatedData,
  additionalAuthenticatedDataCrc32c: checksum(additionalAuthenticatedData),
});

/**
 * Wraps with Encrypt under the key's primary version. Both sides verify the CRC32C of all data.
 * @param cryptoKey `projects/P/locations/L/keyRings/R/cryptoKeys/K`
 */
export function createKmsWrapper(client: Pick<KeyManagementServiceClient, 'encrypt'>, cryptoKey: string): KeyWrapper {
  return {
    wrap: (dek, associatedData = NOTHING) =>
      translating(async () => {
        const plaintext = Buffer.from(dek.buffer, dek.byteOffset, dek.length);
        const request = {
          name: cryptoKey,
          plaintext,
          plaintextCrc32c: checksum(plaintext),
          ...withAssociatedData(associatedData),
        };
        const [response] = await client.encrypt(request, sendOnce(TIMEOUT));
        const wrapped = bytesOf(response.ciphertext);
        const keyVersion = response.name ?? '';
        requireIntact(response.verifiedPlaintextCrc32c === true, 'the key to wrap');
        requireIntact(response.verifiedAdditionalAuthenticatedDataCrc32c === true, 'the associated data');
        requireIntact(keyVersion.startsWith(`${cryptoKey}/cryptoKeyVersions/`), 'the name of the key');
        requireIntact(checksumMatches(wrapped, response.ciphertextCrc32c), 'the wrapped key');
        return { wrapped, keyVersion };
      }),
  };
}

/**
 * Unwraps with Decrypt, which finds the key version by itself. Its response has no `verified…` flags: Cloud KMS answers
 * INVALID_ARGUMENT both for a request damaged in transit and for bytes that are not a ciphertext. Only the message
 * distinguishes them.
 */
export function createKmsUnwrapper(
  client: Pick<KeyManagementServiceClient, 'decrypt'>,
  cryptoKey: string,
): KeyUnwrapper {
  return {
    unwrap: (wrapped, associatedData = NOTHING) =>
      translating(async () => {
        const ciphertext = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.length);
        const request = {
          name: cryptoKey,
          ciphertext,
          ciphertextCrc32c: checksum(ciphertext),
          ...withAssociatedData(associatedData),
        };
        try {
          const [response] = await client.decrypt(request, sendOnce(TIMEOUT));
          const dek = bytesOf(response.plaintext);
          requireIntact(checksumMatches(dek, response.plaintextCrc32c), 'the unwrapped key');
          return dek;
        } catch (error) {
          if (statusOf(error) === status.INVALID_ARGUMENT && !isDamagedRequest(error)) return undefined;
          throw error;
        }
      }),
  };
}

async function translating<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await retrying(call, RETRY_DAMAGED);
  } catch (cause) {
    throw new Fault('dependency_unavailable', 'Cloud KMS does not answer right now.', { cause, retryAfter: 2 });
  }
}
