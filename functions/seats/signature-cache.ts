import { createHash } from 'node:crypto';
import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { SigningKey } from '#shared/crypto/signer.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { SignClaims, Signed, TokenFormat } from '#shared/signing/sign-claims.ts';

/** What a signature depends on. A cached one is used again when all of it but `validUntil` is the same. */
export interface SignatureRequest {
  /** All claims except the times of the signature. */
  readonly claims: LicenseClaims;
  /** The end of validity of a signature made now; milliseconds since the epoch. */
  readonly validUntil: number;
  /** A cached signature must be valid for as long as this: the lease of a copy that nothing else prolongs. */
  readonly coveredUntil: number;
  readonly format: TokenFormat;
  /** A cached signature is not used past its key's time. */
  readonly key: SigningKey;
}

export interface SignatureCacheOptions {
  readonly sign: SignClaims;
  readonly clock: Clock;
  /** Above this number the oldest signature is dropped. About 2 KiB each. */
  readonly maxEntries?: number;
}

interface CachedSignature {
  readonly signed: Promise<Signed>;
  readonly validUntil: number;
  /** When it is too old to be given out again. */
  readonly until: number;
}

/** A fraction of the validity. Clients ask for a fresh signature past half of it and must not get the cached one. */
const REUSED_FOR = 0.25;

/**
 * Signs, and keeps the signatures for a while: clients that restart or repeat a request acquire far more often than
 * their licence needs a new signature. Failures are not kept.
 */
export function createSignatureCache({ sign, clock, maxEntries = 5_000 }: SignatureCacheOptions) {
  const entries = new Map<string, CachedSignature>();
  return (request: SignatureRequest): Promise<Signed> => {
    const { claims, validUntil, coveredUntil, format, key } = request;
    const of = canonicalJson({ claims, format, key: key.keyVersion });
    const digest = createHash('sha256').update(of).digest('base64url');
    const now = clock.now();
    const cached = entries.get(digest);
    if (cached !== undefined && now < cached.until && coveredUntil <= cached.validUntil) return cached.signed;
    const signed = sign({ ...claims, valid_until: formatTime(validUntil) }, format, key);
    const entry = { signed, validUntil, until: now + (validUntil - now) * REUSED_FOR };
    entries.delete(digest);
    entries.set(digest, entry);
    const [oldest] = entries.size > maxEntries ? entries.keys() : [];
    if (oldest !== undefined) entries.delete(oldest);
    signed.catch(() => {
      if (entries.get(digest) === entry) entries.delete(digest);
    });
    return signed;
  };
}
