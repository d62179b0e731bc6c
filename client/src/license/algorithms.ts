/** The only place that knows what a signature algorithm is made of. */
export const SIGNATURE_ALGORITHMS = {
  RSA_SIGN_PKCS1_4096_SHA256: {
    jws: 'RS256',
    webCrypto: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    modulusBytes: 512,
    /** base64url of 65537 */
    exponent: 'AQAB',
  },
} as const;

export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;

/** What every published key is made for today. */
export const DEFAULT_ALGORITHM: SignatureAlgorithm = 'RSA_SIGN_PKCS1_4096_SHA256';

export const isSignatureAlgorithm = (name: unknown): name is SignatureAlgorithm =>
  typeof name === 'string' && Object.hasOwn(SIGNATURE_ALGORITHMS, name);
