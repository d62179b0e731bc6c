import { SIGNATURE_ALGORITHMS } from '../../../shared/license-format/algorithms.ts';
import type { Bytes } from '../encoding.ts';
import type { PublicKey } from './public-key.ts';

export type CheckSignature = (key: PublicKey, message: Bytes, signature: Bytes) => Promise<boolean>;

type ImportedKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Importing costs more than checking. By modulus: a source may describe one key by many objects. */
const imported = new Map<string, Promise<ImportedKey>>();
const MOST_IMPORTED = 32;

/**
 * RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2) by WebCrypto, with what the key's algorithm fixes. The signature must be
 * as long as the modulus: a shorter one, which some libraries pad in silence, is refused.
 * @internal
 */
export const checkSignature: CheckSignature = async (key, message, signature) => {
  const facts = SIGNATURE_ALGORITHMS[key.algorithm];
  if (signature.length !== facts.signatureBytes) return false;
  return crypto.subtle.verify(facts.webCrypto, await importOnce(key), signature, message);
};

function importOnce(key: PublicKey): Promise<ImportedKey> {
  const held = imported.get(key.n);
  if (held !== undefined) return held;
  const { webCrypto, jwsAlgorithm } = SIGNATURE_ALGORITHMS[key.algorithm];
  const jwk = { kty: 'RSA', n: key.n, e: key.e, alg: jwsAlgorithm };
  const fresh = crypto.subtle.importKey('jwk', jwk, webCrypto, false, ['verify']);
  if (imported.size >= MOST_IMPORTED) imported.clear();
  imported.set(key.n, fresh);
  return fresh;
}
