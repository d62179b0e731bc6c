import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { dayOf, USAGE_RETENTION, USAGE_SHARDS, usagePaths } from '#shared/model/usage.ts';
import { CommitError, type DocumentWriter, type Write, type WriteFailure } from '#shared/store/store.ts';

/** Seats of a licence in use once a commit is applied. */
export interface SeatPeak {
  readonly licenseId: string;
  readonly seats: number;
}

/**
 * Records the use of licences, daily high-water marks and requests that found no free seat, by decorating the writer
 * of seats. The numbers are for people, so they cost next to nothing: no read, and a write only as part of one that is
 * made anyway, or rarely.
 */
export interface UsageRecorder {
  /** Like the store's; adds the mark of the day when `peak` is above all that this instance has written today. */
  commit(writes: readonly Write[], peak: SeatPeak): Promise<void>;
  /** Like the store's, with the mark as above; a CommitError is reported as the failure of each write. */
  writeEach(writes: readonly Write[], peak: SeatPeak): Promise<readonly (WriteFailure | undefined)[]>;
  /** Counts requests that found no free seat. */
  recordDenials(licenseId: string, count: number): void;
  /** Takes the denials that are due, as writes for the caller to send along with its own; they are not taken again. */
  takePending(): Write[];
  /** Writes the denials that are due. Never throws: what cannot be written is left out of the count. */
  flush(): Promise<void>;
  /** Writes everything pending, when the instance ends. */
  close(): Promise<void>;
}

export interface UsageOptions {
  readonly store: DocumentWriter;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Milliseconds between two writes of denials, each made by the first request after that time. The first few are
 * written immediately, so that a small site sees them. An instance that crashes loses what it has not written.
 */
const FLUSH_INTERVAL = 30_000;
const FLUSHES_AT_ONCE = 5;

/** Licences whose marks are in memory: about 200 bytes each, whatever the licence. */
const MAX_LICENSES = 10_000;
/** Documents that one write may have. */
const MAX_WRITES = 200;

interface Denials {
  readonly licenseId: string;
  readonly day: string;
  readonly count: number;
}

export function createUsageRecorder({ store, clock, random }: UsageOptions): UsageRecorder {
  const shard = Math.floor(random() * USAGE_SHARDS);
  const marks = new LRUCache<string, { readonly day: string; readonly seats: number }>({ max: MAX_LICENSES });
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

  function takePending(): Write[] {
    const now = clock.now();
    allowance = Math.min(FLUSHES_AT_ONCE, allowance + (now - countedAt) / FLUSH_INTERVAL);
    countedAt = now;
    if (pending.size === 0 || allowance < 1) return [];
    allowance -= 1;
    return take();
  }

  /** A write whose answer was lost may have counted. It is not repeated, so nothing is counted twice. */
  async function write(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return;
    await store.writeEach(writes).catch((error) => {
      if (!(error instanceof CommitError)) throw error;
    });
  }

  function markWrites({ licenseId, seats }: SeatPeak): Write[] {
    const day = dayOf(clock.now());
    const mark = marks.get(licenseId);
    const isNew = seats > 0 && (mark === undefined || mark.day !== day || mark.seats < seats);
    return isNew ? [merge(licenseId, day, { maximum: { peak: seats } })] : [];
  }

  function markWritten({ licenseId, seats }: SeatPeak): void {
    const day = dayOf(clock.now());
    const mark = marks.get(licenseId);
    if (mark !== undefined && mark.day === day && mark.seats >= seats) return;
    marks.set(licenseId, { day, seats });
  }

  return {
    async commit(writes, peak) {
      await store.commit([...writes, ...markWrites(peak)]);
      markWritten(peak);
    },
    async writeEach(writes, peak) {
      const failures = await writeEachOf(store, [...writes, ...markWrites(peak)]);
      if (failures.every((failure) => failure === undefined)) markWritten(peak);
      return failures.slice(0, writes.length);
    },
    recordDenials(licenseId, count) {
      const day = dayOf(clock.now());
      const key = `${licenseId} ${day}`;
      pending.set(key, { licenseId, day, count: (pending.get(key)?.count ?? 0) + count });
    },
    takePending,
    flush: () => write(takePending()),
    async close() {
      while (pending.size > 0) await write(take());
    },
  };
}

/** A recorder that writes and records nothing, for callers without usage statistics. */
export const withoutUsage = (store: DocumentWriter): UsageRecorder => ({
  commit: (writes) => store.commit(writes),
  writeEach: (writes) => writeEachOf(store, writes),
  recordDenials: () => undefined,
  takePending: () => [],
  flush: async () => undefined,
  close: async () => undefined,
});

/** A call that failed as a whole failed for each of its writes. */
async function writeEachOf(
  store: DocumentWriter,
  writes: readonly Write[],
): Promise<readonly (WriteFailure | undefined)[]> {
  try {
    return await store.writeEach(writes);
  } catch (error) {
    if (error instanceof CommitError) return writes.map(() => error.failure);
    throw error;
  }
}
