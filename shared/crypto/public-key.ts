import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../license-format/algorithms.ts';

/** An RSA key for verifying signatures as a JWK (RFC 7517). */
export interface Jwk {
  readonly kty: 'RSA';
  readonly n: string;
  readonly e: string;
  readonly use: 'sig';
  readonly alg: string;
  readonly kid: string;
}

/** A public key in every published form, parsed once. */
export interface PublicKey {
  readonly algorithm: SignatureAlgorithm;
  readonly pem: string;
  readonly jwk: Jwk;
  /** RFC 7638 thumbprint, base64url of SHA-256. */
  readonly kid: string;
  readonly key: KeyObject;
}

const SPKI_PEM = /^\s*-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\s*$/;

/**
 * @param source an SPKI PEM, or a JWK, of which only `kty`, `n` and `e` are read
 * @throws TypeError when it is not a public key, or not an RSA key with the size and exponent of the algorithm
 */
export function readPublicKey(source: string | JsonWebKey, algorithm: SignatureAlgorithm): PublicKey {
  const key = parse(source);
  const facts = SIGNATURE_ALGORITHMS[algorithm];
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (
    key.asymmetricKeyType !== 'rsa' ||
    modulusLength !== facts.modulusBits ||
    publicExponent !== facts.publicExponent
  ) {
    throw new TypeError(`not an RSA key of ${facts.modulusBits} bits, as ${algorithm} needs`);
  }
  const { n, e } = key.export({ format: 'jwk' });
  if (n === undefined || e === undefined) throw new TypeError('the key has no modulus or exponent');
  const kid = thumbprint({ e, n });
  return {
    algorithm,
    pem: key.export({ type: 'spki', format: 'pem' }).toString(),
    jwk: { kty: 'RSA', n, e, use: 'sig', alg: facts.jwsAlgorithm, kid },
    kid,
    key,
  };
}

/** createPublicKey also accepts private keys and certificates; those are rejected here, since they are passed by mistake. */
function parse(source: string | JsonWebKey): KeyObject {
  if (typeof source === 'string' && !SPKI_PEM.test(source)) throw new TypeError('not a public key in SPKI PEM');
  try {
    return typeof source === 'string' ? createPublicKey(source) : createPublicKey({ key: source, format: 'jwk' });
  } catch (cause) {
    throw new TypeError('not a public key', { cause });
  }
}

/** RFC 7638, section 3: SHA-256 over the required members in lexicographic order, without white space. */
function thumbprint({ e, n }: { e: string; n: string }): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
}
