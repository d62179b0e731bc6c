import { setTimeout as sleep } from 'node:timers/promises';
import { status, statusOf } from './grpc.ts';

export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one, and jittered. */
  readonly backoff: number;
  readonly retries: (error: unknown) => boolean;
}

/** Faults of the way, after which a call without effects may be sent again. */
export const isTransient = (error: unknown): boolean =>
  [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.INTERNAL, status.ABORTED].includes(statusOf(error));

export const TRANSIENT: RetryPolicy = { attempts: 4, backoff: 40, retries: isTransient };

/** Calls again while the policy allows, and throws what the last attempt threw. For calls that may be repeated. */
export async function retrying<T>(call: () => Promise<T>, policy: RetryPolicy = TRANSIENT): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= policy.attempts || !policy.retries(error)) throw error;
      // Full jitter: callers that failed together do not come back together.
      await sleep(policy.backoff * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}
