import { LRUCache } from 'lru-cache';
import { createTokenBucket, type TokenBucket } from '#shared/limits/token-bucket.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { SignClaims } from '#shared/signing/sign-claims.ts';
import type { AcquireRequest } from './acquire-request.ts';

/** Limits how many fresh signatures one licence may cause on one instance. */
export interface SignatureBudget {
  /**
   * The same function within the budget. A machine that asks again gets its cached signature and does not come here, so
   * what is limited is one licence key that asks for ever new machines.
   * @throws Fault `rate_limited`, from the returned function, with the seconds until the next signature
   */
  within(sign: SignClaims): SignClaims;
  /**
   * Refuses a request whose signature cannot be had, before anything is read or written for it. A machine that was signed
   * for here passes, since its signature may be in the cache, unless it wants its own nonce in it.
   * @throws Fault `rate_limited`
   */
  require(request: Pick<AcquireRequest, 'key' | 'hardwareId' | 'clientNonce'>): void;
}

/** At once: every seat of the licence taken anew four times, and 200 more for small licences. */
const BURST = { fixed: 200, perSeat: 4 };
/** Each minute after that: a client that renews its licence with every heartbeat of the shortest lease needs three. */
const REFILL = { fixed: 20, perSeat: 4 };
/** About 250 bytes each, whatever the licence; beyond it the one that has not asked for the longest time begins anew. */
const MAX_LICENSES = 20_000;
const MAX_MACHINE_BYTES = 4 * 1024 * 1024;
/** What a machine costs beside the characters of its ids. */
const MACHINE_BYTES = 130;

export function createSignatureBudget(clock: Clock): SignatureBudget {
  const buckets = new LRUCache<string, TokenBucket>({ max: MAX_LICENSES });
  const signedFor = new LRUCache<string, true>({ maxSize: MAX_MACHINE_BYTES });

  function bucketOf(licenseId: string, maxSeats: number): TokenBucket {
    const perMinute = REFILL.fixed + REFILL.perSeat * maxSeats;
    const burst = BURST.fixed + BURST.perSeat * maxSeats;
    const bucket = buckets.get(licenseId) ?? createTokenBucket({ clock, perMinute, burst });
    buckets.set(licenseId, bucket);
    return bucket;
  }

  return {
    within: (sign) => async (claims, format, key) => {
      const licenseId = String(claims['license_id']);
      const bucket = bucketOf(licenseId, Number(claims['max_seats']));
      const wait = bucket.waitForNext();
      if (wait > 0) throw spent(wait);
      bucket.take();
      const signed = await sign(claims, format, key);
      const machine = `${licenseId} ${String(claims['hardware_id'])}`;
      signedFor.set(machine, true, { size: machine.length + MACHINE_BYTES });
      return signed;
    },
    require({ key: { licenseId }, hardwareId, clientNonce }) {
      const wait = buckets.peek(licenseId)?.waitForNext() ?? 0;
      if (wait <= 0) return;
      if (clientNonce !== undefined || !signedFor.has(`${licenseId} ${hardwareId}`)) throw spent(wait);
    },
  };
}

const spent = (wait: number) =>
  new Fault('rate_limited', 'This licence has caused too many signatures for new machines.', {
    retryAfter: Math.ceil(wait / 1000),
  });
