import { KeyManagementServiceClient } from '@google-cloud/kms';
import { crc32c } from '../crypto/crc32c.ts';
import type { Signer } from '../crypto/signer.ts';
import type { KeyAdministrator, KeySource, KeyVersion } from '../keys/key-source.ts';
import { isSignatureAlgorithm } from '../license-format/algorithms.ts';
import { Fault } from '../model/errors.ts';
import { endpointOptions, sendOnce } from './grpc.ts';
import { bytesOf, checksumMatches, intactOrRetried, requireIntact } from './kms-integrity.ts';
import { retrying } from './retry.ts';

/** Milliseconds. An RSA-4096 signature takes tens of them; a caller waits for at most four attempts. */
const SIGN_TIMEOUT = 2_000;
const READ_TIMEOUT = 5_000;
const CREATE_TIMEOUT = 30_000;

/** @param endpoint host:port of a plaintext stand-in; undefined for the service */
export const createKmsClient = (endpoint?: string): KeyManagementServiceClient =>
  new KeyManagementServiceClient(endpointOptions(endpoint));

/** Signs with AsymmetricSign; the digest's and the signature's CRC32C are checked on both sides. */
export function createKmsSigner(client: KeyManagementServiceClient, cryptoKey: string): Signer {
  return {
    async sign(keyVersion, digest) {
      const name = versionName(cryptoKey, keyVersion);
      try {
        return await retrying(async () => {
          const request = { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
          const [answer] = await client.asymmetricSign(request, sendOnce(SIGN_TIMEOUT));
          const signature = bytesOf(answer.signature);
          requireIntact(answer.verifiedDigestCrc32c === true, 'the digest');
          requireIntact(answer.name === name, 'the name of the key');
          requireIntact(checksumMatches(signature, answer.signatureCrc32c), 'the signature');
          return signature;
        }, intactOrRetried);
      } catch (cause) {
        throw new Fault('signing_unavailable', 'Cloud KMS returned no valid signature.', { cause, retryAfter: 2 });
      }
    },
  };
}

/** Reads the versions of a signing key and their public keys. Reads are limited to 600 a minute a project. */
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
        const [answer] = await client.getPublicKey({ name }, sendOnce(READ_TIMEOUT));
        const pem = answer.pem ?? '';
        requireIntact(answer.name === name, 'the name of the key');
        requireIntact(checksumMatches(Buffer.from(pem), answer.pemCrc32c), 'the public key');
        return pem;
      }),
  };
}

/** Makes and disables versions; a right that only key-rotation has, and neither to destroy a key nor to use one. */
export function createKmsKeyAdministrator(client: KeyManagementServiceClient, cryptoKey: string): KeyAdministrator {
  const keyId = cryptoKey.slice(cryptoKey.lastIndexOf('/') + 1);
  return {
    // Not sent again: a version that was made although its answer was lost would be followed by another.
    async createVersion() {
      try {
        const request = { parent: cryptoKey, cryptoKeyVersion: {} };
        const [{ name }] = await client.createCryptoKeyVersion(request, sendOnce(CREATE_TIMEOUT));
        return `${keyId}.${String(name).slice(String(name).lastIndexOf('/') + 1)}`;
      } catch (cause) {
        throw new Fault('dependency_unavailable', 'A new key version could not be made right now.', { cause });
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
    return await retrying(read, intactOrRetried);
  } catch (cause) {
    throw new Fault('dependency_unavailable', `Cloud KMS does not answer right now.`, { cause });
  }
}

/** `license-signing.3` of the crypto key `…/cryptoKeys/license-signing` is its version 3. */
function versionName(cryptoKey: string, keyVersion: string): string {
  return `${cryptoKey}/cryptoKeyVersions/${keyVersion.slice(keyVersion.lastIndexOf('.') + 1)}`;
}
