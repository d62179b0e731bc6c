import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Method, method } from '#local/grpc/method.ts';
import { failedPrecondition, invalidArgument } from '#local/grpc/status.ts';
import { checksumOf, int64Value, verifyChecksum } from './checksum.ts';
import { isVersionName, versionName } from './names.ts';
import { aesMaterial, type CryptoKey, type CryptoKeyVersion, type KeyStore } from './store.ts';

/** Plaintext and associated data together, for keys of the protection level SOFTWARE. */
const MAX_INPUT_BYTES = 64 * 1024;

/** A ciphertext is its version's number in 4 bytes, then IV, encrypted data and tag; the number is authenticated too. */
const HEADER_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const encryptRequest = z.object({
  name: z.string(),
  plaintext: z.instanceof(Buffer),
  additionalAuthenticatedData: z.instanceof(Buffer),
  plaintextCrc32c: int64Value,
  additionalAuthenticatedDataCrc32c: int64Value,
});

const decryptRequest = z.object({
  name: z.string(),
  ciphertext: z.instanceof(Buffer),
  additionalAuthenticatedData: z.instanceof(Buffer),
  ciphertextCrc32c: int64Value,
  additionalAuthenticatedDataCrc32c: int64Value,
});

const AAD = 'additional_authenticated_data';

export function encryptionMethods(store: KeyStore): Record<string, Method> {
  return {
    Encrypt: method(
      encryptRequest,
      (request, caller) => {
        const key = store.keyOf(caller, 'cloudkms.cryptoKeyVersions.useToEncrypt', request.name);
        const { plaintext, additionalAuthenticatedData: aad } = request;
        const verifiedPlaintextCrc32c = verifyChecksum('plaintext', plaintext, request.plaintextCrc32c);
        const verifiedAdditionalAuthenticatedDataCrc32c = verifyChecksum(
          AAD,
          aad,
          request.additionalAuthenticatedDataCrc32c,
        );
        if (plaintext.length + aad.length > MAX_INPUT_BYTES) {
          throw invalidArgument(`plaintext and ${AAD} must be no larger than ${MAX_INPUT_BYTES} bytes together.`);
        }
        const version = versionToEncrypt(key, request.name);
        store.mustBeEnabled(version);
        const ciphertext = encrypt(version, plaintext, aad);
        return {
          name: version.name,
          ciphertext,
          ciphertextCrc32c: checksumOf(ciphertext),
          verifiedPlaintextCrc32c,
          verifiedAdditionalAuthenticatedDataCrc32c,
          protectionLevel: 'SOFTWARE',
        };
      },
      'ciphertext',
    ),

    Decrypt: method(
      decryptRequest,
      (request, caller) => {
        if (isVersionName(request.name)) throw invalidArgument(`${request.name} is not the name of a CryptoKey.`);
        const key = store.key(caller, 'cloudkms.cryptoKeyVersions.useToDecrypt', request.name);
        const { ciphertext, additionalAuthenticatedData: aad } = request;
        verifyChecksum('ciphertext', ciphertext, request.ciphertextCrc32c);
        verifyChecksum(AAD, aad, request.additionalAuthenticatedDataCrc32c);
        const version = versionToDecrypt(key, ciphertext);
        store.mustBeEnabled(version);
        const plaintext = decrypt(version, ciphertext, aad);
        return {
          plaintext,
          plaintextCrc32c: checksumOf(plaintext),
          usedPrimary: version === key.primary,
          protectionLevel: 'SOFTWARE',
        };
      },
      'plaintext',
    ),
  };
}

function versionToEncrypt(key: CryptoKey, name: string): CryptoKeyVersion {
  if (!isVersionName(name)) {
    if (key.primary === undefined) throw failedPrecondition(`${key.name} has no primary version.`);
    return key.primary;
  }
  const version = key.versions[versionName(name).number - 1];
  if (version === undefined) throw invalidArgument(`CryptoKeyVersion ${name} not found.`);
  return version;
}

function versionToDecrypt(key: CryptoKey, ciphertext: Buffer): CryptoKeyVersion {
  if (ciphertext.length < HEADER_BYTES + IV_BYTES + TAG_BYTES) throw invalidCiphertext();
  const version = key.versions[ciphertext.readUInt32BE(0) - 1];
  if (version === undefined) throw invalidCiphertext();
  return version;
}

function encrypt(version: CryptoKeyVersion, plaintext: Buffer, aad: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(version.number);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', aesMaterial(version), iv).setAAD(Buffer.concat([header, aad]));
  return Buffer.concat([header, iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(version: CryptoKeyVersion, ciphertext: Buffer, aad: Buffer): Buffer {
  const header = ciphertext.subarray(0, HEADER_BYTES);
  const iv = ciphertext.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
  const body = ciphertext.subarray(HEADER_BYTES + IV_BYTES, -TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', aesMaterial(version), iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.concat([header, aad]))
    .setAuthTag(ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

const invalidCiphertext = () => invalidArgument('Decryption failed: the ciphertext is invalid.');
