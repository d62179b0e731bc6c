import type { Clock } from '../model/clock.ts';
import { type RateLimitStatus, windowAt } from './rate-limit-status.ts';

/** An hourly limit counted in the memory of one instance: no store access, and enough against a runaway caller. */
export interface LocalLimit {
  /** Counts one request of the key. */
  take(key: string): RateLimitStatus;
  /** Requests counted for the key in this hour. */
  count(key: string): number;
}

export interface LocalLimitOptions {
  readonly clock: Clock;
  /** Requests an hour and key. */
  readonly limit: number;
  /** Maximum number of keys in memory; beyond it the oldest key is dropped. Default 100,000. */
  readonly maxKeys?: number;
}

export function createLocalLimit({ clock, limit, maxKeys = 100_000 }: LocalLimitOptions): LocalLimit {
  let hour = -1;
  let counts = new Map<string, number>();

  function count(key: string): number {
    const { number } = windowAt(clock.now());
    if (number !== hour) {
      hour = number;
      counts = new Map();
    }
    return counts.get(key) ?? 0;
  }

  return {
    count,
    take(key) {
      const taken = count(key) + 1;
      counts.set(key, taken);
      const [oldest] = counts.keys();
      if (counts.size > maxKeys && oldest !== undefined) counts.delete(oldest);
      return { allowed: taken <= limit, limit, remaining: limit - taken, reset: windowAt(clock.now()).reset };
    },
  };
}
