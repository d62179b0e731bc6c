import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { Fault } from '#shared/model/errors.ts';

export interface InFlightLimits {
  /** Signatures under way at a time. */
  readonly inFlight: number;
  /** Signatures waiting for their turn, first come, first served. */
  readonly waiting: number;
}

/**
 * Bounds what a burst can pile up. Whoever finds the queue full is told at once instead of waiting in vain.
 * @throws Fault `dependency_unavailable`, from `sign`, when too many wait already
 */
export function limitInFlight(signer: BlobSigner, limits: InFlightLimits): BlobSigner {
  let running = 0;
  const queue: (() => void)[] = [];

  const enter = (): Promise<void> | undefined => {
    if (running < limits.inFlight) {
      running += 1;
      return undefined;
    }
    if (queue.length >= limits.waiting) {
      throw new Fault('dependency_unavailable', 'Too many URLs are waiting to be signed.', { retryAfter: 1 });
    }
    return new Promise((resolve) => queue.push(resolve));
  };
  // A place that is left goes to the first in the queue without ever being free.
  const leave = () => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return {
    email: signer.email,
    async sign(text) {
      await enter();
      try {
        return await signer.sign(text);
      } finally {
        leave();
      }
    },
  };
}
