import { LRUCache } from 'lru-cache';
import { createTokenBucket, type TokenBucket } from '#shared/limits/token-bucket.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { SignClaims } from '#shared/signing/sign-claims.ts';

/** At once: every seat of the licence taken anew four times, and 200 more for small licences. */
const BURST = { fixed: 200, perSeat: 4 };
/** Each minute after that: a client that renews its licence with every heartbeat of the shortest lease needs three. */
const REFILL = { fixed: 20, perSeat: 4 };
/** About 250 bytes each, whatever the licence; beyond it the one that has not asked for the longest time begins anew. */
const MAX_LICENSES = 20_000;

/**
 * Limits how many fresh signatures one licence may cause on one instance. A machine that asks again gets its cached
 * signature and is not counted, so what is limited is one licence key that asks for ever new machines.
 * @throws Fault `rate_limited`, from the returned function, with the seconds until the next signature
 */
export function withinBudget(sign: SignClaims, clock: Clock): SignClaims {
  const buckets = new LRUCache<string, TokenBucket>({ max: MAX_LICENSES });

  function bucketOf(licenseId: string, maxSeats: number): TokenBucket {
    const perMinute = REFILL.fixed + REFILL.perSeat * maxSeats;
    const burst = BURST.fixed + BURST.perSeat * maxSeats;
    const bucket = buckets.get(licenseId) ?? createTokenBucket({ clock, perMinute, burst });
    buckets.set(licenseId, bucket);
    return bucket;
  }

  return async (claims, format, key) => {
    const bucket = bucketOf(String(claims['license_id']), Number(claims['max_seats']));
    const wait = bucket.waitForNext();
    if (wait > 0) {
      const retryAfter = Math.ceil(wait / 1000);
      throw new Fault('rate_limited', 'This licence has caused too many signatures for new machines.', { retryAfter });
    }
    bucket.take();
    return sign(claims, format, key);
  };
}
