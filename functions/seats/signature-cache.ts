import { createHash } from 'node:crypto';
import { type CanonicalValue, canonicalJson } from '#shared/crypto/canonical-json.ts';
import type { Clock } from '#shared/model/clock.ts';

/**
 * Keeps signatures for the machines that they were made for: clients that restart or repeat a request acquire far more
 * often than their licence needs a new signature.
 */
export interface SignatureCache<T> {
  /**
   * @param of everything that the signature says or depends on, except its times
   * @param validUntil milliseconds since the epoch; the end of validity of a signature made now
   * @param sign makes a signature; a failure is not cached
   */
  get(of: CanonicalValue, validUntil: number, sign: () => Promise<T>): Promise<T>;
}

export interface SignatureCacheOptions {
  readonly clock: Clock;
  /** Above this number the oldest signature is dropped. About 2 KiB each. */
  readonly maxEntries?: number;
}

/** A fraction of the validity. Clients ask for a fresh signature past half of it and must not get the cached one. */
const REUSED_FOR = 0.25;

export function createSignatureCache<T>({ clock, maxEntries = 5_000 }: SignatureCacheOptions): SignatureCache<T> {
  const entries = new Map<string, { readonly signed: Promise<T>; readonly until: number }>();
  return {
    get(of, validUntil, sign) {
      const digest = createHash('sha256').update(canonicalJson(of)).digest('base64url');
      const now = clock.now();
      const cached = entries.get(digest);
      if (cached !== undefined && now < cached.until) return cached.signed;
      const signed = sign();
      const entry = { signed, until: now + (validUntil - now) * REUSED_FOR };
      entries.delete(digest);
      entries.set(digest, entry);
      const [oldest] = entries.size > maxEntries ? entries.keys() : [];
      if (oldest !== undefined) entries.delete(oldest);
      signed.catch(() => {
        if (entries.get(digest) === entry) entries.delete(digest);
      });
      return signed;
    },
  };
}
