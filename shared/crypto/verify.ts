import { verify } from 'node:crypto';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../license-format/algorithms.ts';
import type { PublicKey } from './public-key.ts';

/** Finds the key that a signature names, by key version or by thumbprint; undefined when it is not published. */
export type FindKey = (name: string) => PublicKey | undefined;

/**
 * RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2.2) with the hash that the key's algorithm fixes. The signature's length
 * must be the modulus's: a shorter one, which some libraries pad in silence, is refused.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  const facts = SIGNATURE_ALGORITHMS[key.algorithm];
  return signature.length === facts.signatureBytes && verify(facts.hash, message, key.key, signature);
}

/** Why signed data is not to be trusted. */
export type InvalidReason = 'malformed' | 'unknown_key' | 'bad_signature' | 'expired' | 'not_yet_valid';

export type Verification =
  | {
      readonly valid: true;
      readonly keyVersion: string;
      /** The signed members, as they were signed. */
      readonly claims: Readonly<Record<string, unknown>>;
      readonly expiresAt?: string;
      readonly validUntil?: string;
    }
  | { readonly valid: false; readonly reason: InvalidReason };

export const invalidBecause = (reason: InvalidReason): Verification => ({ valid: false, reason });

/** A published key is used only for the algorithm that the signed data names, and that is one we know. */
export function matchingKey(find: FindKey, name: string, algorithm: SignatureAlgorithm): PublicKey | undefined {
  const key = find(name);
  return key?.algorithm === algorithm ? key : undefined;
}

/** A JSON object; what it is made of is not known yet. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
