import type { Clock } from '#shared/model/clock.ts';
import { dayOf, USAGE_RETENTION, USAGE_SHARDS, usagePaths } from '#shared/model/usage.ts';
import { CommitError, type DocumentWriter, type Write } from '#shared/store/store.ts';

/**
 * What an instance has seen of the use of licences: daily high-water marks and requests that found no seat. Both are
 * for people to look at and cost the seats as little as can be: no read, and a write only with one that is made anyway,
 * or seldom.
 */
export interface UsageNotes {
  /**
   * What to write along with a commit after which so many seats are taken: nothing, unless that is more than this
   * instance has noted of the day.
   */
  peak(licenseId: string, seats: number): Write[];
  /** That commit has succeeded. */
  peakNoted(licenseId: string, seats: number): void;
  /** Requests found no free seat. */
  denied(licenseId: string, count: number): void;
  /** Refusals that are due to be written, to go along with other writes; they are not asked for again. */
  due(): Write[];
  /** Writes the refusals that are due. Never throws: what cannot be written is left out of the count. */
  flush(): Promise<void>;
  /** Writes what has not been written, when the instance ends. */
  close(): Promise<void>;
}

export interface UsageOptions {
  readonly store: Pick<DocumentWriter, 'writeEach'>;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * The first refusals are written at once, so that a small site sees them at once; in a storm there is one write in
 * this many milliseconds, by the request that finds the last one that old. An instance that crashes loses as much.
 */
const FLUSH_INTERVAL = 30_000;
const FLUSHES_AT_ONCE = 5;

/** Licences of which the mark of the day is remembered, and documents in one write. */
const MAX_LICENSES = 10_000;
const MAX_WRITES = 200;

interface Denials {
  readonly licenseId: string;
  readonly day: string;
  readonly count: number;
}

export function createUsageNotes({ store, clock, random }: UsageOptions): UsageNotes {
  const shard = Math.floor(random() * USAGE_SHARDS);
  const marks = new Map<string, { readonly day: string; readonly seats: number }>();
  const pending = new Map<string, Denials>();
  let allowance = FLUSHES_AT_ONCE;
  let countedAt = clock.now();

  const merge = (
    licenseId: string,
    day: string,
    change: { maximum: { peak: number } } | { increment: { denials: number } },
  ) =>
    ({
      op: 'merge',
      path: usagePaths.day(licenseId, day, shard),
      fields: { day },
      deleteAfter: clock.now() + USAGE_RETENTION,
      ...change,
    }) as const;

  function take(): Write[] {
    const taken = [...pending.values()].slice(0, MAX_WRITES);
    for (const { licenseId, day } of taken) pending.delete(`${licenseId} ${day}`);
    return taken.map(({ licenseId, day, count }) => merge(licenseId, day, { increment: { denials: count } }));
  }

  function due(): Write[] {
    const now = clock.now();
    allowance = Math.min(FLUSHES_AT_ONCE, allowance + (now - countedAt) / FLUSH_INTERVAL);
    countedAt = now;
    if (pending.size === 0 || allowance < 1) return [];
    allowance -= 1;
    return take();
  }

  /** A write whose answer was lost may have counted: it is not repeated, so nothing is ever counted twice. */
  async function write(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    await store.writeEach(writes).catch((error) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }

  return {
    peak(licenseId, seats) {
      const day = dayOf(clock.now());
      const mark = marks.get(licenseId);
      const isNew = seats > 0 && (mark === undefined || mark.day !== day || mark.seats < seats);
      return isNew ? [merge(licenseId, day, { maximum: { peak: seats } })] : [];
    },
    peakNoted(licenseId, seats) {
      const day = dayOf(clock.now());
      const mark = marks.get(licenseId);
      if (mark !== undefined && mark.day === day && mark.seats >= seats) return;
      marks.delete(licenseId);
      marks.set(licenseId, { day, seats });
      const [oldest] = marks.keys();
      if (marks.size > MAX_LICENSES && oldest !== undefined) marks.delete(oldest);
    },
    denied(licenseId, count) {
      if (count === 0) return;
      const day = dayOf(clock.now());
      const key = `${licenseId} ${day}`;
      pending.set(key, { licenseId, day, count: (pending.get(key)?.count ?? 0) + count });
    },
    due,
    flush: () => write(due()),
    async close() {
      while (pending.size > 0) await write(take());
    },
  };
}

/** For who wants none. */
export const noUsageNotes: UsageNotes = {
  peak: () => [],
  peakNoted: () => undefined,
  denied: () => undefined,
  due: () => [],
  flush: async () => undefined,
  close: async () => undefined,
};
