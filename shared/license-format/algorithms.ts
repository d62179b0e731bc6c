export type SignatureAlgorithm = 'RSA_SIGN_PKCS1_4096_SHA256';

/**
 * The signature algorithms of licences, for signers and verifiers alike. No other code enumerates algorithms or knows
 * their parameters. @internal
 */
export const SIGNATURE_ALGORITHMS = {
  RSA_SIGN_PKCS1_4096_SHA256: {
    /** `alg` of a JWS and of a JWK (RFC 7518, section 3.1). */
    jwsAlgorithm: 'RS256',
    /** Node's name of the hash. */
    hash: 'sha256',
    webCrypto: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    modulusBits: 4096,
    signatureBytes: 512,
    publicExponent: 65537n,
    /** base64url of the exponent, as a JWK has it. */
    jwkExponent: 'AQAB',
  },
} as const satisfies Readonly<Record<SignatureAlgorithm, object>>;

/** The algorithm of every key that is published today. @internal */
export const DEFAULT_ALGORITHM: SignatureAlgorithm = 'RSA_SIGN_PKCS1_4096_SHA256';

/** @internal */
export const isSignatureAlgorithm = (name: unknown): name is SignatureAlgorithm =>
  typeof name === 'string' && Object.hasOwn(SIGNATURE_ALGORITHMS, name);
