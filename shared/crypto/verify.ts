import { verify } from 'node:crypto';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../license-format/algorithms.ts';
import type { PublicKey } from './public-key.ts';

/** Looks up a published key by key version or by thumbprint; undefined when it is not published. */
export type FindKey = (name: string) => PublicKey | 'revoked' | undefined;

/**
 * Verifies RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2) with the hash of the key's algorithm. The signature must be as
 * long as the modulus: some libraries silently pad a shorter one.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const facts = SIGNATURE_ALGORITHMS[key.algorithm];
  return signature.length === facts.signatureBytes && verify(facts.hash, message, key.key, signature);
}

/** Why signed data is invalid. */
export type InvalidReason = 'malformed' | 'unknown_key' | 'bad_signature' | 'revoked' | 'expired' | 'not_yet_valid';

export type Verification =
  | {
      readonly valid: true;
      readonly keyVersion: string;
      /** The members that the signature covers. */
      readonly claims: Readonly<Record<string, unknown>>;
      readonly expiresAt?: string;
      readonly validUntil?: string;
    }
  | { readonly valid: false; readonly reason: InvalidReason };

export const invalidBecause = (reason: InvalidReason): Verification => ({ valid: false, reason });

/** The published key of this name, if it is for the algorithm that the signed data names. */
export function matchingKey(
  find: FindKey,
  name: string,
  algorithm: SignatureAlgorithm,
): PublicKey | 'revoked' | undefined {
  const key = find(name);
  return key === 'revoked' || key?.algorithm === algorithm ? key : undefined;
}

/** Whether a value is a JSON object, whose members are still unchecked. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
