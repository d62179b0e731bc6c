import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
} from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type PublicKey, readPublicKey } from '#shared/crypto/public-key.ts';
import type { Signer, SigningKey } from '#shared/crypto/signer.ts';

/** A key pair of the size that is used in earnest, its private half where a Signer would have it. */
export interface LocalKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
  readonly signingKey: SigningKey;
  readonly signer: Signer;
}

/** ASN.1 DigestInfo of SHA-256 up to the digest (RFC 8017, section 9.2, note 1): a Signer is given the digest alone. */
const DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** Kept from run to run below the project, as the system tests keep theirs: an RSA-4096 key takes seconds to make. */
const DIRECTORY = resolve(import.meta.dirname, '../../../../.local/test/unit-keys');

function privateKeyOf(keyVersion: string): KeyObject {
  const file = join(DIRECTORY, `${keyVersion}.pem`);
  try {
    return createPrivateKey(readFileSync(file));
  } catch {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
    mkdirSync(DIRECTORY, { recursive: true, mode: 0o700 });
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    renameSync(draft, file);
    return privateKey;
  }
}

export function createLocalKey(keyVersion: string): LocalKey {
  const privateKey = privateKeyOf(keyVersion);
  const generated = createPublicKey(privateKey);
  const algorithm = 'RSA_SIGN_PKCS1_4096_SHA256';
  const publicKey = readPublicKey(generated.export({ type: 'spki', format: 'pem' }).toString(), algorithm);
  return {
    privateKey,
    publicKey,
    signingKey: { keyVersion, kid: publicKey.kid, algorithm, publishedUntil: Number.MAX_SAFE_INTEGER, keysSequence: 7 },
    signer: {
      sign: async (_keyVersion, digest) =>
        privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([DIGEST_INFO, digest])),
    },
  };
}

/** Two keys, since much of what can go wrong needs another one. */
export const localKeys = { first: createLocalKey('licenses.1'), second: createLocalKey('licenses.2') } as const;

const byName = new Map(
  Object.values(localKeys).flatMap(({ signingKey, publicKey }) => [
    [signingKey.keyVersion, publicKey],
    [signingKey.kid, publicKey],
  ]),
);

/** Finds the two keys by version and by kid. */
export const findLocalKey = (name: string): PublicKey | undefined => byName.get(name);
