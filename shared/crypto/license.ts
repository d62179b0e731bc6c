import { createHash } from 'node:crypto';
import { isSignatureAlgorithm } from '../license-format/algorithms.ts';
import { type CanonicalValue, canonicalJson, canonicalJsonOrUndefined } from '../license-format/canonical-json.ts';
import { formatTime } from '../license-format/time.ts';
import { readOwnJson } from '../model/json-text.ts';
import { headText, readBatchProof, rootOf } from './batch-head.ts';
import type { PublicKey } from './public-key.ts';
import type { Signer, SigningKey } from './signer.ts';
import { invalidReasonAt, readValidity } from './validity.ts';
import { noVerifiedHeads, type VerifiedHeads } from './verified-heads.ts';
import {
  type FindKey,
  type InvalidReason,
  invalidBecause,
  isObject,
  matchingKey,
  type Verification,
  verifySignature,
} from './verify.ts';

/** The members of a licence before signing. Values have a canonical form; names must not be in RESERVED_MEMBERS. */
export type LicenseClaims = Readonly<Record<string, CanonicalValue>>;

/** The members that signing adds, and those of a seat, so that a document can never be taken for one. */
export const RESERVED_MEMBERS = [
  ...['signed_at', 'key_version', 'signature_algorithm', 'signature', 'batch'],
  ...['kind', 'session_id', 'nonce', 'mode'],
] as const;

export type LicenseData = LicenseClaims & {
  readonly signed_at: string;
  readonly key_version: string;
  readonly signature_algorithm: string;
  /** Standard base64; 684 characters for RSA-4096. */
  readonly signature: string;
};

/** Adds the time, the key version and the algorithm to the claims, so that the signature covers them. */
export function stampClaims(claims: LicenseClaims, key: SigningKey, now: number) {
  return {
    ...claims,
    signed_at: formatTime(now),
    key_version: key.keyVersion,
    signature_algorithm: key.algorithm,
  };
}

/**
 * Signs the canonical JSON of the claims with `signed_at`, `key_version` and `signature_algorithm` added.
 * @param now milliseconds since the epoch
 * @throws NotCanonicalError for a claim without a canonical form; what the signer throws
 */
export async function signLicense(
  claims: LicenseClaims,
  key: SigningKey,
  signer: Signer,
  now: number,
): Promise<LicenseData> {
  const text = canonicalJson(stampClaims(claims, key, now));
  const signature = await signer.sign(key.keyVersion, createHash('sha256').update(text).digest());
  return { ...readCanonical(text), signature: Buffer.from(signature).toString('base64') };
}

/** Parses canonical JSON. Its members are in the order of signing, so verifiers need not sort them. */
export const readCanonical = (text: string): ReturnType<typeof stampClaims> => readOwnJson(text);

/**
 * Verifies licence data, signed directly or in a batch. The key is checked first: data with an unpublished key version, or
 * with another algorithm than the key's, is invalid before anything else is read.
 * @param now milliseconds since the epoch
 * @param heads cache of verified batches, for callers that verify many licences
 */
export function verifyLicense(
  data: unknown,
  find: FindKey,
  now: number,
  heads: VerifiedHeads = noVerifiedHeads,
): Verification {
  if (!isObject(data)) return invalidBecause('malformed');
  const { signature, batch, ...others } = data;
  const { key_version: keyVersion, signature_algorithm: algorithm } = others;
  if (typeof keyVersion !== 'string' || typeof signature !== 'string') return invalidBecause('malformed');
  const key = isSignatureAlgorithm(algorithm) ? matchingKey(find, keyVersion, algorithm) : undefined;
  if (key === undefined) return invalidBecause('unknown_key');
  if (key === 'revoked') return invalidBecause('revoked');
  // A `batch` that is not an object is no proof: it is an ordinary member, and a direct signature must cover it.
  const isOfBatch = isObject(batch);
  const claims = isOfBatch || batch === undefined ? others : { ...others, batch };
  const text = canonicalJsonOrUndefined(claims);
  if (text === undefined) return invalidBecause('malformed');
  const reason = isOfBatch
    ? checkBatch({ text, batch, keyVersion, key, signature, heads })
    : checkSignature(key, text, signature);
  return reason === undefined ? checkValidity(claims, keyVersion, now) : invalidBecause(reason);
}

function checkSignature(key: PublicKey, text: string, signature: string): InvalidReason | undefined {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.toString('base64') !== signature) return 'malformed';
  return verifySignature(key, Buffer.from(text), bytes) ? undefined : 'bad_signature';
}

interface BatchedLicense {
  /** The canonical licence without `signature` and `batch`. */
  readonly text: string;
  readonly batch: Readonly<Record<string, unknown>>;
  readonly keyVersion: string;
  readonly key: PublicKey;
  readonly signature: string;
  readonly heads: VerifiedHeads;
}

/** Computes the root from the licence and its proof, and verifies the signature over the head with that root. */
function checkBatch({ text, batch, keyVersion, key, signature, heads }: BatchedLicense): InvalidReason | undefined {
  const proof = readBatchProof(batch);
  if (proof === undefined) return 'malformed';
  const root = rootOf(text, proof, heads.node);
  if (root === undefined) return 'malformed';
  const head = {
    root,
    tree_size: proof.tree_size,
    signed_at: proof.signed_at,
    key_version: keyVersion,
    signature_algorithm: key.algorithm,
    kid: key.kid,
    signature,
  };
  if (heads.has(head)) return undefined;
  const reason = checkSignature(key, headText(head), signature);
  if (reason === undefined) heads.add(head);
  return reason;
}

/** The last step for every form of licence: checks the validity period. */
export function checkValidity(claims: Record<string, unknown>, keyVersion: string, now: number): Verification {
  const validity = readValidity(claims);
  if (validity === undefined) return invalidBecause('malformed');
  const reason = invalidReasonAt(validity, now);
  if (reason !== undefined) return invalidBecause(reason);
  const { expires_at: expiresAt, valid_until: validUntil } = claims;
  return {
    valid: true,
    keyVersion,
    claims,
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(typeof validUntil === 'string' ? { validUntil } : {}),
  };
}
