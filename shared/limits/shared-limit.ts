import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../model/clock.ts';
import type { Counter } from '../store/store.ts';
import { type RateLimitStatus, WINDOW_SECONDS, windowAt } from './rate-limit-status.ts';

/** An hourly limit shared by all instances, with fewer writes than requests. */
export interface SharedLimit {
  take(subject: string): Promise<RateLimitStatus>;
}

export interface SharedLimitOptions {
  readonly counter: Counter;
  readonly clock: Clock;
  /** Requests an hour, over all instances. */
  readonly limit: number;
  /** Requests that an instance leases with one write; also the limit's maximum error for each instance. */
  readonly slice: number;
  /** Called when the store fails. Requests then pass without being counted. */
  readonly onFailure: (error: unknown) => void;
}

interface Slice {
  readonly hour: number;
  /** Requests leased by this instance and not spent. */
  left: number;
  /** Requests that no instance had leased at the time of the last lease. */
  unleased: number;
}

/** Milliseconds before a failed store is asked again. */
const BACK_OFF = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** What a slice costs beside the characters of its subject. */
const SLICE_BYTES = 200;

/**
 * Each instance leases a slice of the hour's limit with one atomic increment, whose result says how much was left, and
 * spends the slice in memory. A slice that is not spent by the end of the hour is lost, so an hour never has more
 * requests than the limit and may have fewer.
 */
export function createSharedLimit(options: SharedLimitOptions): SharedLimit {
  const { counter, clock, limit, slice } = options;
  const slices = new LRUCache<string, Slice>({
    maxSize: MAX_BYTES,
    sizeCalculation: (_slice, subject) => subject.length + SLICE_BYTES,
  });
  const leasing = new Map<string, Promise<Slice>>();
  let failedUntil = 0;

  async function lease(subject: string, hour: number): Promise<Slice> {
    const id = createHash('sha256').update(subject).digest('base64url');
    const deleteAfter = (hour + 2) * WINDOW_SECONDS * 1000;
    const sum = await counter.add(`limits/${id}_${hour}`, 'leased', slice, deleteAfter);
    const granted = Math.max(0, Math.min(slice, limit - (sum - slice)));
    const fresh = { hour, left: granted, unleased: Math.max(0, limit - sum) };
    slices.set(subject, fresh);
    return fresh;
  }

  /** Spends one leased request. Concurrent requests share one lease call. @returns undefined when the limit is reached */
  async function spend(subject: string, hour: number): Promise<Slice | undefined> {
    for (;;) {
      const held = slices.get(subject);
      if (held?.hour === hour && held.left > 0) {
        held.left -= 1;
        return held;
      }
      if (held?.hour === hour && held.unleased === 0) return undefined;
      const pending = leasing.get(subject) ?? lease(subject, hour).finally(() => leasing.delete(subject));
      leasing.set(subject, pending);
      await pending;
    }
  }

  return {
    async take(subject) {
      const { number: hour, reset } = windowAt(clock.now());
      const open = { allowed: true, limit, remaining: limit, reset };
      if (clock.now() < failedUntil) return open;
      try {
        const spent = await spend(subject, hour);
        const remaining = spent === undefined ? 0 : spent.left + spent.unleased;
        return { allowed: spent !== undefined, limit, remaining, reset };
      } catch (error) {
        failedUntil = clock.now() + BACK_OFF;
        options.onFailure(error);
        return open;
      }
    },
  };
}
