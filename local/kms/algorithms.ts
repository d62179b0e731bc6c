/** The Cloud KMS algorithms that this stand-in supports; no other file lists them. */
export const ALGORITHMS = {
  RSA_SIGN_PKCS1_2048_SHA256: { purpose: 'ASYMMETRIC_SIGN', bits: 2048 },
  RSA_SIGN_PKCS1_3072_SHA256: { purpose: 'ASYMMETRIC_SIGN', bits: 3072 },
  RSA_SIGN_PKCS1_4096_SHA256: { purpose: 'ASYMMETRIC_SIGN', bits: 4096 },
  GOOGLE_SYMMETRIC_ENCRYPTION: { purpose: 'ENCRYPT_DECRYPT', bits: 256 },
} as const;

export type Algorithm = keyof typeof ALGORITHMS;
export type Purpose = (typeof ALGORITHMS)[Algorithm]['purpose'];
