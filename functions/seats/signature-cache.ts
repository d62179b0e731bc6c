import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
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
  /** Bytes of signed licences; beyond it the one is dropped that was not asked for for the longest time. */
  readonly maxBytes?: number;
}

interface CachedSignature {
  readonly signed: Promise<Signed>;
  readonly validUntil: number;
  /** When it is too old to be given out again. */
  readonly until: number;
  /** An estimate of its size in memory. */
  readonly bytes: number;
}

/** A fraction of the validity. Clients ask for a fresh signature past half of it and must not get the cached one. */
const REUSED_FOR = 0.25;
/** About 5,000 licences with few features, 1,000 with as many as a licence may have. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What an entry costs beside its claims: signature, proof, digest and the objects around them. */
const ENTRY_BYTES = 2_500;
/** An object of V8's takes about this much for each character of its JSON: measured for many short members. */
const BYTES_PER_CHARACTER = 3;

/**
 * Signs, and keeps the signatures for a while: clients that restart or repeat a request acquire far more often than
 * their licence needs a new signature. Failures are not kept.
 */
export function createSignatureCache({ sign, clock, maxBytes = MAX_BYTES }: SignatureCacheOptions) {
  const entries = new LRUCache<string, CachedSignature>({
    maxSize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
  });
  return (request: SignatureRequest): Promise<Signed> => {
    const { claims, validUntil, coveredUntil, format, key } = request;
    const of = canonicalJson({ claims, format, key: key.keyVersion });
    const digest = createHash('sha256').update(of).digest('base64url');
    const now = clock.now();
    const cached = entries.get(digest);
    if (cached !== undefined && now < cached.until && coveredUntil <= cached.validUntil) return cached.signed;
    const signed = sign({ ...claims, valid_until: formatTime(validUntil) }, format, key);
    const bytes = ENTRY_BYTES + BYTES_PER_CHARACTER * of.length;
    const entry = { signed, validUntil, until: now + (validUntil - now) * REUSED_FOR, bytes };
    entries.set(digest, entry);
    signed.catch(() => {
      if (entries.peek(digest) === entry) entries.delete(digest);
    });
    return signed;
  };
}
