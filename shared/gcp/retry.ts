import { setTimeout as sleep } from 'node:timers/promises';
import { status, statusOf } from './grpc.ts';

export interface RetryPolicy {
  /** Attempts, including the first. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further attempt, with jitter. */
  readonly backoff: number;
  readonly retries: (error: unknown) => boolean;
}

/**
 * The request was never sent: grpc-js reports a failed fetch of an access token, one hiccup of the metadata server, as
 * UNKNOWN. Such a call may be repeated whatever it does.
 */
const isNotSent = (error: unknown): boolean =>
  statusOf(error) === status.UNKNOWN && /getting metadata from plugin failed/i.test(messageOf(error));

/** Failures of the network or the service, after which an idempotent call may be retried. */
export const isTransient = (error: unknown): boolean =>
  [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.INTERNAL, status.ABORTED].includes(statusOf(error)) ||
  isNotSent(error) ||
  /premature close/i.test(messageOf(error));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

export const TRANSIENT: RetryPolicy = { attempts: 4, backoff: 40, retries: isTransient };

/** Retries an idempotent call while the policy allows. @throws what the last attempt threw */
export async function retrying<T>(call: () => Promise<T>, policy: RetryPolicy = TRANSIENT): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= policy.attempts || !policy.retries(error)) throw error;
      // Jitter keeps callers that failed at the same time from retrying at the same time.
      await sleep(policy.backoff * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
}
