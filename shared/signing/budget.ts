import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Signer } from '../crypto/signer.ts';
import { createTokenBucket } from '../limits/token-bucket.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';

/** The setting of every function that signs licences. */
export const budgetConfig = z.object({
  KMS_SIGNATURES_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'signatures a minute that one instance may request from Cloud KMS: the quota divided by the number of instances; unset: no limit',
    ),
});

export interface BudgetOptions {
  readonly signer: Signer;
  /** Signatures a minute; undefined: no limit. */
  readonly perMinute: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Waits until a delayed signature may be requested. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** Milliseconds that a request may wait for a token; a request that would wait longer fails at once. */
const LONGEST_WAIT = 2_000;

/** Seconds of the budget that may be spent in one burst. No minute then exceeds 7/6 of the budget. */
const BURST_SECONDS = 10;

/**
 * Limits an instance to its share of the KMS quota: an HSM key signs about 214 times a minute with RSA-4096, and KMS
 * rejects further requests only after a round trip. Signatures are requested in the order of the calls.
 * @returns a signer that throws Fault `signing_unavailable` with `retryAfter` instead of waiting more than two seconds
 */
export function createBudgetedSigner({ signer, perMinute, clock, log, pause = sleep }: BudgetOptions): Signer {
  const bucket = perMinute === undefined ? undefined : bucketOf(perMinute, clock);
  return {
    async sign(keyVersion, digest) {
      const wait = bucket?.waitForNext() ?? 0;
      if (wait > LONGEST_WAIT) {
        log.log('WARNING', 'kms_budget_spent', { wait_ms: Math.round(wait) });
        throw new Fault('signing_unavailable', 'The signature quota of this minute is used up.', {
          retryAfter: Math.ceil(wait / 1000),
        });
      }
      bucket?.take();
      if (wait > 0) await pause(wait);
      const begun = clock.now();
      const signature = await signer.sign(keyVersion, digest);
      const took = clock.now() - begun;
      log.log('INFO', 'kms_signature', { key_version: keyVersion, wait_ms: Math.round(wait), took_ms: took });
      return signature;
    },
  };
}

const bucketOf = (perMinute: number, clock: Clock) =>
  createTokenBucket({ clock, perMinute, burst: Math.max(1, Math.floor((perMinute * BURST_SECONDS) / 60)) });
