import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Signer } from '../crypto/signer.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';

/** The setting of every function that signs. */
export const budgetConfig = z.object({
  KMS_SIGNATURES_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('what one instance may ask of Cloud KMS: the quota by the number of instances; unset: no limit of ours'),
});

export interface BudgetOptions {
  readonly signer: Signer;
  /** undefined: no limit; signatures are counted all the same. */
  readonly perMinute: number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** @param milliseconds until the turn of a signature that has to wait */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** Milliseconds that a request waits for its turn. Who would wait longer is better told so at once. */
const LONGEST_WAIT = 2_000;

/** Seconds of the budget that may be spent at once, so that a minute never costs more than 7/6 of it. */
const BURST_SECONDS = 10;

/**
 * Keeps an instance within its part of the quota of KMS: an HSM signs with RSA-4096 about 214 times a minute, and what
 * goes beyond is refused there after it has cost time. Signatures take turns in the order in which they were asked for.
 * @throws Fault `signing_unavailable`, with the time of the next free turn, instead of a wait of more than two seconds
 */
export function createBudgetedSigner({ signer, perMinute, clock, log, pause = sleep }: BudgetOptions): Signer {
  const turns = perMinute === undefined ? undefined : createTurns(perMinute, clock);
  return {
    async sign(keyVersion, digest) {
      const wait = turns?.waitForNext() ?? 0;
      if (wait > LONGEST_WAIT) {
        log.log('WARNING', 'kms_budget_spent', { wait_ms: Math.round(wait) });
        throw new Fault('signing_unavailable', 'Too many licences are to be signed right now.', {
          retryAfter: Math.ceil(wait / 1000),
        });
      }
      turns?.take();
      if (wait > 0) await pause(wait);
      const begun = clock.now();
      const signature = await signer.sign(keyVersion, digest);
      const took = clock.now() - begun;
      log.log('INFO', 'kms_signature', { key_version: keyVersion, wait_ms: Math.round(wait), took_ms: took });
      return signature;
    },
  };
}

/** A token bucket that owes: its level may go below nothing, and is the time for which the next one has to wait. */
function createTurns(perMinute: number, clock: Clock) {
  const interval = 60_000 / perMinute;
  const burst = Math.max(1, Math.floor((perMinute * BURST_SECONDS) / 60));
  let next = Number.NEGATIVE_INFINITY; // when a bucket that is used evenly would have the next token
  const due = () => Math.max(next, clock.now() - (burst - 1) * interval);
  return {
    /** Milliseconds. */
    waitForNext: () => Math.max(0, due() - clock.now()),
    take() {
      next = due() + interval;
    },
  };
}
