import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { SigningKey } from '#shared/crypto/signer.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
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
  /** Nobody has been answered with it yet. */
  isUnused: boolean;
}

/** A fraction of the validity. Clients ask for a fresh signature past half of it and must not get the cached one. */
const REUSED_FOR = 0.25;
/** About 5,000 licences with few features, 1,000 with as many as a licence may have. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What an entry costs beside its claims: signature, proof, digest and the objects around them. */
const ENTRY_BYTES = 2_500;
/** An object of V8's takes about this much for each character of its JSON: measured for many short members. */
const BYTES_PER_CHARACTER = 3;
/** Milliseconds that a request waits for its signature; clients wait ten seconds for an answer. */
const ANSWERED_WITHIN = 8_000;
/** Seconds. */
const RETRY_AFTER = 2;

/**
 * Signs, and keeps the signatures for a while: clients that restart or repeat a request acquire far more often than
 * their licence needs a new signature. A signature that comes too late for its request serves the one that asks again.
 * Failures are not kept.
 * @throws Fault `signing_unavailable` from the returned function when the signature takes too long
 */
export function createSignatureCache({ sign, clock, maxBytes = MAX_BYTES }: SignatureCacheOptions) {
  const entries = new LRUCache<string, CachedSignature>({ maxSize: maxBytes });

  function start(digest: string, bytes: number, request: SignatureRequest): CachedSignature {
    const { claims, validUntil, format, key } = request;
    const now = clock.now();
    const signed = sign({ ...claims, valid_until: formatTime(validUntil) }, format, key);
    const entry = { signed, validUntil, until: now + (validUntil - now) * REUSED_FOR, isUnused: true };
    entries.set(digest, entry, { size: bytes });
    signed.catch(() => {
      if (entries.peek(digest) === entry) entries.delete(digest);
    });
    return entry;
  }

  return async (request: SignatureRequest): Promise<Signed> => {
    const { claims, coveredUntil, format, key } = request;
    const of = canonicalJson({ claims, format, key: key.keyVersion });
    const digest = createHash('sha256').update(of).digest('base64url');
    const cached = entries.get(digest);
    const covers = cached !== undefined && (cached.isUnused || coveredUntil <= cached.validUntil);
    const entry =
      covers && clock.now() < cached.until
        ? cached
        : start(digest, ENTRY_BYTES + BYTES_PER_CHARACTER * of.length, request);
    const signed = await inTime(entry.signed);
    entry.isUnused = false;
    return signed;
  };
}

async function inTime(signed: Promise<Signed>): Promise<Signed> {
  const late = Promise.withResolvers<never>();
  const fault = () => {
    const options = { retryAfter: RETRY_AFTER };
    late.reject(new Fault('signing_unavailable', 'The signature takes longer than usual.', options));
  };
  const timer = setTimeout(fault, ANSWERED_WITHIN);
  try {
    return await Promise.race([signed, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
