import type { Clock } from '../model/clock.ts';

/**
 * A token bucket that may go into debt: a caller can take the next token before it exists and wait for it, so that
 * callers are served in the order in which they took their tokens.
 */
export interface TokenBucket {
  /** Milliseconds until the next token exists; 0 when there is one now. */
  waitForNext(): number;
  take(): void;
}

export interface TokenBucketOptions {
  readonly clock: Clock;
  /** Tokens added each minute. */
  readonly perMinute: number;
  /** Capacity in tokens, at least 1. */
  readonly burst: number;
}

export function createTokenBucket({ clock, perMinute, burst }: TokenBucketOptions): TokenBucket {
  const interval = 60_000 / perMinute;
  let next = Number.NEGATIVE_INFINITY; // the time of the next token, if the bucket had no capacity
  const due = () => Math.max(next, clock.now() - (burst - 1) * interval);
  return {
    waitForNext: () => Math.max(0, due() - clock.now()),
    take() {
      next = due() + interval;
    },
  };
}
