/** The only place that knows what a signature algorithm is made of; everything else looks it up here. */
export const SIGNATURE_ALGORITHMS = {
  RSA_SIGN_PKCS1_4096_SHA256: { jwsAlgorithm: 'RS256', hash: 'sha256', modulusBits: 4096, signatureBytes: 512 },
} as const;

export type SignatureAlgorithm = keyof typeof SIGNATURE_ALGORITHMS;

export const isSignatureAlgorithm = (name: unknown): name is SignatureAlgorithm =>
  typeof name === 'string' && Object.hasOwn(SIGNATURE_ALGORITHMS, name);
