import { createHash } from 'node:crypto';
import { formatTime } from '../model/time.ts';
import { isSignatureAlgorithm } from './algorithms.ts';
import { type CanonicalValue, canonicalJson, NotCanonicalError } from './canonical-json.ts';
import type { Signer, SigningKey } from './signer.ts';
import { readValidity, refusalAt } from './validity.ts';
import { type FindKey, matchingKey, refuse, type Verification, verifySignature } from './verify.ts';

/** What is signed: members with one canonical form each, of which none is called like those that signing adds. */
export type LicenseClaims = Readonly<Record<string, CanonicalValue>>;

/** The members that signing adds, and the one that is kept for batch signatures. */
export const RESERVED_MEMBERS = ['signed_at', 'key_version', 'signature_algorithm', 'signature', 'batch'] as const;

export type LicenseData = LicenseClaims & {
  readonly signed_at: string;
  readonly key_version: string;
  readonly signature_algorithm: string;
  /** Standard base64; 684 characters for RSA-4096. */
  readonly signature: string;
};

/** The claims as they are signed: with the time and the key inside, so that neither can be exchanged. */
export function stampClaims(claims: LicenseClaims, key: SigningKey, now: number) {
  return {
    ...claims,
    signed_at: formatTime(now),
    key_version: key.keyVersion,
    signature_algorithm: key.algorithm,
  };
}

/**
 * Signs the canonical JSON of the claims with `signed_at`, `key_version` and `signature_algorithm` among them.
 * @param now milliseconds since the epoch
 * @throws NotCanonicalError for a claim without a canonical form; what the signer throws
 */
export async function signLicense(
  claims: LicenseClaims,
  key: SigningKey,
  signer: Signer,
  now: number,
): Promise<LicenseData> {
  const stamped = stampClaims(claims, key, now);
  const digest = createHash('sha256').update(canonicalJson(stamped)).digest();
  const signature = await signer.sign(key.keyVersion, digest);
  return { ...stamped, signature: Buffer.from(signature).toString('base64') };
}

/**
 * Checks signed licence data. The key comes first: a version that is not published, or another algorithm than its
 * own, is refused before anything else in the data is looked at.
 * @param now milliseconds since the epoch
 */
export function verifyLicense(data: unknown, find: FindKey, now: number): Verification {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return refuse('malformed');
  const { signature, ...claims }: Record<string, unknown> = { ...data };
  const { key_version: keyVersion, signature_algorithm: algorithm } = claims;
  if (typeof keyVersion !== 'string' || typeof signature !== 'string') return refuse('malformed');
  const key = isSignatureAlgorithm(algorithm) ? matchingKey(find, keyVersion, algorithm) : undefined;
  if (key === undefined) return refuse('unknown_key');
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.toString('base64') !== signature) return refuse('malformed');
  const text = canonicalOrUndefined(claims);
  if (text === undefined) return refuse('malformed');
  if (!verifySignature(key, Buffer.from(text), bytes)) return refuse('bad_signature');
  return judgeTimes(claims, keyVersion, now);
}

/** The last step for every form of licence: are we inside its times? */
export function judgeTimes(claims: Record<string, unknown>, keyVersion: string, now: number): Verification {
  const validity = readValidity(claims);
  if (validity === undefined) return refuse('malformed');
  const refusal = refusalAt(validity, now);
  if (refusal !== undefined) return refuse(refusal);
  const { expires_at: expiresAt, valid_until: validUntil } = claims;
  return {
    valid: true,
    keyVersion,
    claims,
    ...(typeof expiresAt === 'string' ? { expiresAt } : {}),
    ...(typeof validUntil === 'string' ? { validUntil } : {}),
  };
}

function canonicalOrUndefined(claims: unknown): string | undefined {
  try {
    return canonicalJson(claims);
  } catch (error) {
    if (error instanceof NotCanonicalError) return undefined;
    throw error;
  }
}
