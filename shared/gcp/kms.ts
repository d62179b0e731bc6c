import { KeyManagementServiceClient } from '@google-cloud/kms';
import { isSignatureAlgorithm } from '../crypto/algorithms.ts';
import { crc32c } from '../crypto/crc32c.ts';
import type { Signer } from '../crypto/signer.ts';
import type { KeySource, KeyVersion } from '../keys/key-source.ts';
import { Fault } from '../model/errors.ts';
import { endpointOptions, sendOnce } from './grpc.ts';
import { isTransient, retrying, TRANSIENT } from './retry.ts';

/** Milliseconds. An RSA-4096 signature takes tens of them; a caller waits for at most four attempts. */
const SIGN_TIMEOUT = 2_000;
const READ_TIMEOUT = 5_000;

/** @param endpoint host:port of a plaintext stand-in; undefined for the service */
export const createKmsClient = (endpoint?: string): KeyManagementServiceClient =>
  new KeyManagementServiceClient(endpointOptions(endpoint));

/** An answer whose checksum or name is not what it should be: damaged on its way, so it is thrown away and asked again. */
class DamagedAnswer extends Error {
  override readonly name = 'DamagedAnswer';
}

/** What Google recommends for end-to-end integrity: discard, and try a bounded number of times. */
const policy = { ...TRANSIENT, retries: (error: unknown) => error instanceof DamagedAnswer || isTransient(error) };

function requireIntact(intact: boolean, what: string): void {
  if (!intact) throw new DamagedAnswer(`${what} was damaged between Cloud KMS and us`);
}

/** Signs with AsymmetricSign; the digest's and the signature's CRC32C are checked on both sides. */
export function createKmsSigner(client: KeyManagementServiceClient, cryptoKey: string): Signer {
  return {
    async sign(keyVersion, digest) {
      const name = versionName(cryptoKey, keyVersion);
      try {
        return await retrying(async () => {
          const request = { name, digest: { sha256: digest }, digestCrc32c: { value: crc32c(digest) } };
          const [answer] = await client.asymmetricSign(request, sendOnce(SIGN_TIMEOUT));
          const signature = bytes(answer.signature);
          requireIntact(answer.verifiedDigestCrc32c === true, 'the digest');
          requireIntact(answer.name === name, 'the name of the key');
          requireIntact(checksumMatches(signature, answer.signatureCrc32c), 'the signature');
          return signature;
        }, policy);
      } catch (cause) {
        throw new Fault('signing_unavailable', 'The licence cannot be signed right now.', { cause, retryAfter: 2 });
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

async function reads<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await retrying(read, policy);
  } catch (cause) {
    throw new Fault('dependency_unavailable', `Cloud KMS does not answer right now.`, { cause });
  }
}

/** `license-signing.3` of the crypto key `…/cryptoKeys/license-signing` is its version 3. */
function versionName(cryptoKey: string, keyVersion: string): string {
  return `${cryptoKey}/cryptoKeyVersions/${keyVersion.slice(keyVersion.lastIndexOf('.') + 1)}`;
}

type Bytes = Uint8Array | string | null | undefined;

const bytes = (value: Bytes): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.from(value ?? []);

/** Checksums arrive as Int64Value wrappers, whose value is a string, a number or a Long. */
function checksumMatches(data: Uint8Array, wrapper: { readonly value?: unknown } | null | undefined): boolean {
  return wrapper?.value !== undefined && String(wrapper.value) === String(crc32c(data));
}
