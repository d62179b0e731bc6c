import type { Signer } from '../crypto/signer.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';

export interface BoundedSignerOptions {
  readonly signer: Signer;
  readonly clock: Clock;
  readonly limits?: SigningLimits;
}

export interface SigningLimits {
  /** Calls to KMS under way at once. */
  readonly inFlight: number;
  /** Milliseconds that a call may be expected to wait for its turn. */
  readonly longestWait: number;
}

/**
 * A gRPC channel carries 100 calls at a time; at KMS's 30 ms, 64 of them are 2,000 signatures a second, twice its quota
 * for software keys. A client waits ten seconds for an answer, of which the signature may use half.
 */
const LIMITS: SigningLimits = { inFlight: 64, longestWait: 5_000 };

/** The weight of the latest call in the average time of a signature. */
const LATEST = 0.2;
/** Milliseconds that a signature is taken to need before one has been made. */
const FIRST_GUESS = 50;

/**
 * Bounds the calls to KMS. When a crowd asks at once, all calls sent together would wait for each other inside KMS until
 * their deadlines pass, be sent again, and be signed for nobody. Here a call begins, and with it its deadline, when there
 * is a place for it; who would have to wait longer than a client waits is told at once when to come back. How long a wait
 * will be follows from the measured time of a signature.
 * @returns a signer that throws Fault `signing_unavailable` with `retryAfter` for those
 */
export function createBoundedSigner({ signer, clock, limits = LIMITS }: BoundedSignerOptions): Signer {
  let running = 0;
  let average = FIRST_GUESS;
  const queue: (() => void)[] = [];

  const expectedWait = () => ((queue.length + 1) * average) / limits.inFlight;
  const leave = () => {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  async function enter(): Promise<void> {
    if (running < limits.inFlight) {
      running += 1;
      return;
    }
    const wait = expectedWait();
    if (wait > limits.longestWait) {
      const retryAfter = Math.max(1, Math.ceil((wait - limits.longestWait) / 1000));
      throw new Fault('signing_unavailable', 'More licences wait for a signature than can be signed in time.', {
        retryAfter,
      });
    }
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  return {
    async sign(keyVersion, digest) {
      await enter();
      const begun = clock.now();
      try {
        return await signer.sign(keyVersion, digest);
      } finally {
        average += LATEST * (clock.now() - begun - average);
        leave();
      }
    },
  };
}
