import { createHash } from 'node:crypto';
import type { Clock } from '../model/clock.ts';
import type { Counter } from '../store/store.ts';
import { type Standing, WINDOW_SECONDS, windowAt } from './standing.ts';

/** A limit that all instances share, without a write a request. */
export interface SharedLimit {
  take(subject: string): Promise<Standing>;
}

export interface SharedLimitOptions {
  readonly counter: Counter;
  readonly clock: Clock;
  /** How many an hour, over all instances. */
  readonly limit: number;
  /** How many an instance leases at a time: one write for as many requests, and the error of the whole. */
  readonly slice: number;
  /** Told when the store fails: requests pass then, uncounted. */
  readonly onFailure: (error: unknown) => void;
}

interface Slice {
  readonly hour: number;
  /** What this instance has leased and not spent. */
  left: number;
  /** What nobody had leased, when we last looked. */
  unleased: number;
}

/** Milliseconds for which a store that failed is not asked again. */
const BACK_OFF = 10_000;
const MAX_SUBJECTS = 50_000;

/**
 * An instance leases a slice of the hour's allowance by one increment, whose sum says how much of it was left, and
 * spends it in memory. A slice that is not spent by the end of the hour is lost; so the limit is kept from above.
 */
export function createSharedLimit(options: SharedLimitOptions): SharedLimit {
  const { counter, clock, limit, slice } = options;
  const slices = new Map<string, Slice>();
  const leasing = new Map<string, Promise<Slice>>();
  let failedUntil = 0;

  async function lease(subject: string, hour: number): Promise<Slice> {
    const id = createHash('sha256').update(subject).digest('base64url');
    const deleteAfter = (hour + 2) * WINDOW_SECONDS * 1000;
    const sum = await counter.add(`limits/${id}_${hour}`, 'leased', slice, deleteAfter);
    const granted = Math.max(0, Math.min(slice, limit - (sum - slice)));
    const fresh = { hour, left: granted, unleased: Math.max(0, limit - sum) };
    slices.delete(subject);
    slices.set(subject, fresh);
    const [oldest] = slices.keys();
    if (slices.size > MAX_SUBJECTS && oldest !== undefined) slices.delete(oldest);
    return fresh;
  }

  /** Spends one of what is leased; one lease for all requests that wait for it. Undefined when the hour is used up. */
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
