import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../model/clock.ts';
import type { Counter } from '../store/store.ts';
import { type RateLimitStatus, WINDOW_SECONDS, windowAt } from './rate-limit-status.ts';

/** An hourly limit shared by all instances, with fewer writes than requests. */
export interface SharedLimit {
  /**
   * Counts requests of a subject, all of them or none.
   * @param count of a batch; default 1
   */
  take(subject: string, count?: number): Promise<RateLimitStatus>;
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

  async function lease(subject: string, hour: number, wanted: number): Promise<Slice> {
    const id = createHash('sha256').update(subject).digest('base64url');
    const deleteAfter = (hour + 2) * WINDOW_SECONDS * 1000;
    const amount = Math.max(slice, wanted);
    const [sum = limit] = await counter.add(`limits/${id}_${hour}`, [['leased', amount]], deleteAfter);
    const granted = Math.max(0, Math.min(amount, limit - (sum - amount)));
    const held = slices.get(subject);
    const kept = held?.hour === hour ? held.left : 0;
    const fresh = { hour, left: kept + granted, unleased: Math.max(0, limit - sum) };
    slices.set(subject, fresh);
    return fresh;
  }

  /** Spends leased requests. Concurrent requests share one lease call. @returns undefined when the limit is reached */
  async function spend(subject: string, hour: number, count: number): Promise<Slice | undefined> {
    for (;;) {
      const held = slices.get(subject);
      const left = held?.hour === hour ? held.left : 0;
      if (held?.hour === hour && left >= count) {
        held.left -= count;
        return held;
      }
      if (held?.hour === hour && held.unleased === 0) return undefined;
      const pending = leasing.get(subject) ?? lease(subject, hour, count - left).finally(() => leasing.delete(subject));
      leasing.set(subject, pending);
      await pending;
    }
  }

  return {
    async take(subject, count = 1) {
      const { number: hour, reset } = windowAt(clock.now());
      const open = { allowed: true, limit, remaining: limit, reset };
      if (clock.now() < failedUntil) return open;
      try {
        const spent = await spend(subject, hour, count);
        const remaining = (spent ?? slices.get(subject))?.left ?? 0;
        const unleased = spent?.unleased ?? 0;
        return { allowed: spent !== undefined, limit, remaining: remaining + unleased, reset };
      } catch (error) {
        failedUntil = clock.now() + BACK_OFF;
        options.onFailure(error);
        return open;
      }
    },
  };
}
