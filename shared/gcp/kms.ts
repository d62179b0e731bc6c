import { KeyManagementServiceClient } from '@google-cloud/kms';
import { crc32c } from '../crypto/crc32c.ts';
import { KeyRefusedError, type Signer } from '../crypto/signer.ts';
import type { KeyAdministrator, KeySource, KeyVersion } from '../keys/key-source.ts';
import { isSignatureAlgorithm } from '../license-format/algorithms.ts';
import { Fault } from '../model/errors.ts';
import { leanGax } from './gax.ts';
import { endpointOptions, sendOnce, status, statusOf } from './grpc.ts';
import { bytesOf, checksumMatches, RETRY_DAMAGED, requireIntact } from './kms-integrity.ts';
import { NOT_SENT, type RetryPolicy, retrying } from './retry.ts';

/**
 * Milliseconds. An RSA-4096 signature takes tens of milliseconds. A call goes on for longer than its caller waits for it,
 * and one that is late is not repeated: KMS may be making the signature, and would make another for nobody. What comes
 * late serves the caller who asks again.
 */
const SIGN_TIMEOUT = 30_000;
const READ_TIMEOUT = 5_000;
const CREATE_TIMEOUT = 30_000;

const RETRY_SIGNATURE: RetryPolicy = {
  ...RETRY_DAMAGED,
  retries: (error) => statusOf(error) !== status.DEADLINE_EXCEEDED && RETRY_DAMAGED.retries(error),
};

/** @param endpoint host:port of a plaintext stand-in; undefined for the service */
export const createKmsClient = (endpoint?: string): KeyManagementServiceClient =>
  new KeyManagementServiceClient(endpointOptions(endpoint), leanGax);

/** Signs with AsymmetricSign. Both sides verify the CRC32C of digest and signature. */
export function createKmsSigner(client: KeyManagementServiceClient, cryptoKey: string): Signer {
  return {
    async sign(keyVersion, digest) {
      const name = versionName(cryptoKey, keyVersion);
      try {
        return await retrying(async () => {
          const request = { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
          const [response] = await client.asymmetricSign(request, sendOnce(SIGN_TIMEOUT));
          const signature = bytesOf(response.signature);
          requireIntact(response.verifiedDigestCrc32c === true, 'the digest');
          requireIntact(response.name === name, 'the name of the key');
          requireIntact(checksumMatches(signature, response.signatureCrc32c), 'the signature');
          return signature;
        }, RETRY_SIGNATURE);
      } catch (error) {
        const isRefused = [status.FAILED_PRECONDITION, status.NOT_FOUND].includes(statusOf(error) ?? status.OK);
        const cause = isRefused ? new KeyRefusedError(keyVersion, error) : error;
        throw new Fault('signing_unavailable', 'Cloud KMS returned no valid signature.', { cause, retryAfter: 2 });
      }
    },
  };
}

/** Reads the versions of a signing key and their public keys. The quota of reads is 600 a minute and project. */
export function createKmsKeySource(client: KeyManagementServiceClient, cryptoKey: string): KeySource {
  const keyId = cryptoKey.slice(cryptoKey.lastIndexOf('/') + 1);
  return {
    async listVersions() {
      const request = { parent: cryptoKey, filter: 'state=ENABLED' };
      const [versions] = await reads(() => client.listCryptoKeyVersions(request, sendOnce(READ_TIMEOUT)));
      return versions.flatMap(({ name, algorithm, createTime }): KeyVersion[] => {
        if (!isSignatureAlgorithm(algorithm)) return [];
        const version = String(name).slice(String(name).lastIndexOf('/') + 1);
        const createdAt = Number(createTime?.seconds ?? 0) * 1000 + Math.floor((createTime?.nanos ?? 0) / 1e6);
        return [{ keyVersion: `${keyId}.${version}`, algorithm, createdAt }];
      });
    },

    readPem: (keyVersion) =>
      reads(async () => {
        const name = versionName(cryptoKey, keyVersion);
        const [response] = await client.getPublicKey({ name }, sendOnce(READ_TIMEOUT));
        const pem = response.pem ?? '';
        requireIntact(response.name === name, 'the name of the key');
        requireIntact(checksumMatches(Buffer.from(pem), response.pemCrc32c), 'the public key');
        return pem;
      }),
  };
}

/** Creates and disables key versions. Only key-rotation has the right, and it can neither destroy nor use a key. */
export function createKmsKeyAdministrator(client: KeyManagementServiceClient, cryptoKey: string): KeyAdministrator {
  const keyId = cryptoKey.slice(cryptoKey.lastIndexOf('/') + 1);
  return {
    // Sent once: after a lost answer a retry would create another version.
    async createVersion() {
      try {
        const request = { parent: cryptoKey, cryptoKeyVersion: {} };
        const create = () => client.createCryptoKeyVersion(request, sendOnce(CREATE_TIMEOUT));
        const [{ name }] = await retrying(create, NOT_SENT);
        return `${keyId}.${String(name).slice(String(name).lastIndexOf('/') + 1)}`;
      } catch (cause) {
        throw new Fault('dependency_unavailable', 'The new key version could not be created.', { cause });
      }
    },

    async disableVersion(keyVersion) {
      const cryptoKeyVersion = { name: versionName(cryptoKey, keyVersion), state: 'DISABLED' as const };
      const updateMask = { paths: ['state'] };
      await reads(() => client.updateCryptoKeyVersion({ cryptoKeyVersion, updateMask }, sendOnce(READ_TIMEOUT)));
    },
  };
}

async function reads<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await retrying(read, RETRY_DAMAGED);
  } catch (cause) {
    throw new Fault('dependency_unavailable', `Cloud KMS does not answer right now.`, { cause });
  }
}

/** The resource name of a version: `license-signing.3` is version 3 of `…/cryptoKeys/license-signing`. */
function versionName(cryptoKey: string, keyVersion: string): string {
  return `${cryptoKey}/cryptoKeyVersions/${keyVersion.slice(keyVersion.lastIndexOf('.') + 1)}`;
}
