import { createHash } from 'node:crypto';
import { type CanonicalValue, canonicalJson } from '#shared/crypto/canonical-json.ts';
import type { Clock } from '#shared/model/clock.ts';

/**
 * Hands out a signature again to the machine that it was made for: clients that restart or repeat themselves acquire
 * far more often than their licence needs a new signature.
 */
export interface Reuse<T> {
  /**
   * @param of everything that the signature says or depends on, but for its times
   * @param validUntil milliseconds since the epoch, of a signature that would be made now
   * @param sign makes one; a failure is not remembered
   */
  get(of: CanonicalValue, validUntil: number, sign: () => Promise<T>): Promise<T>;
}

export interface ReuseOptions {
  readonly clock: Clock;
  /** Beyond, the one made first is forgotten. About 2 KiB each. */
  readonly maxEntries?: number;
}

/** Of its validity. A client asks for a fresh one past half of it, and is not to be given the same again. */
const REUSED_FOR = 0.25;

export function createReuse<T>({ clock, maxEntries = 5_000 }: ReuseOptions): Reuse<T> {
  const made = new Map<string, { readonly signed: Promise<T>; readonly until: number }>();
  return {
    get(of, validUntil, sign) {
      const name = createHash('sha256').update(canonicalJson(of)).digest('base64url');
      const at = clock.now();
      const held = made.get(name);
      if (held !== undefined && at < held.until) return held.signed;
      const signed = sign();
      const entry = { signed, until: at + (validUntil - at) * REUSED_FOR };
      made.delete(name);
      made.set(name, entry);
      const [oldest] = made.size > maxEntries ? made.keys() : [];
      if (oldest !== undefined) made.delete(oldest);
      signed.catch(() => {
        if (made.get(name) === entry) made.delete(name);
      });
      return signed;
    },
  };
}
