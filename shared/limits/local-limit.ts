import { LRUCache } from 'lru-cache';
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
  /** Bytes of keys and counts in memory; beyond it the key is dropped that was not counted for the longest time. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** What an entry costs beside the characters of its key: measured 100 to 130 bytes on Node 24. */
const ENTRY_BYTES = 130;

export function createLocalLimit({ clock, limit, maxBytes = MAX_BYTES }: LocalLimitOptions): LocalLimit {
  let hour = -1;
  const counts = new LRUCache<string, number>({
    maxSize: maxBytes,
    sizeCalculation: (_count, key) => key.length + ENTRY_BYTES,
  });

  function count(key: string): number {
    const { number } = windowAt(clock.now());
    if (number !== hour) {
      hour = number;
      counts.clear();
    }
    return counts.get(key) ?? 0;
  }

  return {
    count,
    take(key) {
      const taken = count(key) + 1;
      counts.set(key, taken);
      return { allowed: taken <= limit, limit, remaining: limit - taken, reset: windowAt(clock.now()).reset };
    },
  };
}
