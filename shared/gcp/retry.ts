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
 * What may be sent again, for every client of Google's: a call that was certainly not sent, whatever it does
 * (`NOT_SENT`); and, if it is idempotent, a call after which nobody knows (`TRANSIENT`, `TRANSIENT_HTTP`). A checksum
 * that does not match is the matter of kms-integrity.ts.
 */

/**
 * The request was never sent: the client library could not fetch an access token, one hiccup of the metadata server.
 * grpc-js reports it as UNKNOWN, or with the number that the failure happens to have as its code.
 */
const isNotSent = (error: unknown): boolean => /getting metadata from plugin failed/i.test(messageOf(error));

/** The connection broke while the answer was being read. */
const isPrematureClose = (error: unknown): boolean =>
  /premature close/i.test(messageOf(error)) || codeOf(error) === 'ERR_STREAM_PREMATURE_CLOSE';

/** Failures of the network or the service, after which an idempotent call may be sent again. */
export const isTransient = (error: unknown): boolean =>
  [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.INTERNAL, status.ABORTED].includes(statusOf(error)) ||
  isNotSent(error) ||
  isPrematureClose(error);

/** The same over HTTP: the statuses that Google's clients retry, and every failure without an answer. */
const isTransientHttp = (error: unknown): boolean => {
  const code = Number(httpStatusOf(error));
  return Number.isNaN(code) || code === 408 || code === 429 || code >= 500;
};

/** The HTTP status of a failed call, or the code of the failure, e.g. `ECONNRESET`; the clients type neither. */
export const httpStatusOf = (error: unknown): unknown =>
  codeOf(error) ?? (typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined);

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

export const TRANSIENT: RetryPolicy = { attempts: 4, backoff: 40, retries: isTransient };
export const TRANSIENT_HTTP: RetryPolicy = { attempts: 4, backoff: 50, retries: isTransientHttp };

/** For calls that must not be repeated once they may have been sent. */
export const NOT_SENT: RetryPolicy = { ...TRANSIENT, retries: isNotSent };

/** Sends a call again while the policy allows. @throws what the last attempt threw */
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
