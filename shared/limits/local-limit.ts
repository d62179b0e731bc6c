import type { Clock } from '../model/clock.ts';
import { type Standing, windowAt } from './standing.ts';

/** Counts in the memory of one instance: enough against a caller that runs wild, and free. */
export interface LocalLimit {
  /** Counts one and says where the key stands with it. */
  take(key: string): Standing;
  /** How many were counted for the key in this hour. */
  count(key: string): number;
}

export interface LocalLimitOptions {
  readonly clock: Clock;
  /** How many an hour. */
  readonly limit: number;
  /** Keys that are remembered; beyond, the one counted first is forgotten. */
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
