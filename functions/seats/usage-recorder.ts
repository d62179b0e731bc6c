import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { dayOf, hourField, USAGE_RETENTION, USAGE_SHARDS, usagePaths } from '#shared/model/usage.ts';
import { CommitError, type DocumentWriter, type Write } from '#shared/store/store.ts';
import { createDeniedMachines, type DeniedMachine } from './denied-machines.ts';

/** Seats of a licence in use at one time. */
export interface SeatPeak {
  readonly licenseId: string;
  readonly seats: number;
}

/**
 * Records the use of licences by hour: high-water marks, and refused requests by reason. Both are gathered in memory and
 * written apart from what they count, so no claim waits for them and no claim shares its commit with a document that
 * every claim writes.
 */
export interface UsageRecorder {
  /** Notes how many seats are in use. The highest of the hour is written within a second. */
  recordPeak(peak: SeatPeak): void;
  /** Counts requests that were refused, and notes whose they were. @param reason of denial.ts */
  recordDenials(licenseId: string, reason: string, denied: readonly DeniedMachine[]): void;
  /**
   * Writes what is pending if the last write is a second ago; otherwise that is done when the second is over. Never throws:
   * a count whose write failed is left out.
   */
  flush(): Promise<void>;
  /** Writes everything pending, when the instance ends. */
  close(): Promise<void>;
}

export interface UsageOptions {
  readonly store: Pick<DocumentWriter, 'writeEach'>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Waits until the next write is due. */
  readonly pause?: (milliseconds: number) => Promise<unknown>;
}

/** Milliseconds between two writes of an instance: Firestore takes about one write a second of one document. */
const INTERVAL = 1_000;

/** Licences whose marks are in memory: about 200 bytes each, whatever the licence. */
const MAX_LICENSES = 10_000;
/** Documents that one write may have. */
const MAX_WRITES = 200;

/** What is to be written to one document: numbers by the paths of their fields. */
interface Pending {
  readonly licenseId: string;
  readonly day: string;
  readonly maximum: Record<string, number>;
  readonly increment: Record<string, number>;
}

/** One write, and what is to be forgotten as written when it fails. */
interface Counted {
  readonly write: Write;
  failed(): void;
}

export function createUsageRecorder({ store, clock, random, pause = untilDue }: UsageOptions): UsageRecorder {
  const shard = Math.floor(random() * USAGE_SHARDS);
  /** By licence: the highest number of its latest hour that is written or pending. */
  const marks = new LRUCache<string, { readonly hour: string; readonly seats: number }>({ max: MAX_LICENSES });
  const pending = new Map<string, Pending>();
  const machines = createDeniedMachines(clock);
  const inFlight = new Set<Promise<void>>();
  let writtenAt = Number.NEGATIVE_INFINITY;
  let isWaiting = false;

  function pendingOf(licenseId: string, day: string): Pending {
    const path = usagePaths.day(licenseId, day, shard);
    const found = pending.get(path) ?? { licenseId, day, maximum: {}, increment: {} };
    pending.set(path, found);
    flushWhenDue();
    return found;
  }

  function flushWhenDue(): void {
    if (isWaiting) return;
    isWaiting = true;
    void pause(INTERVAL).then(() => {
      isWaiting = false;
      return flush();
    });
  }

  async function flush(): Promise<void> {
    if (pending.size === 0 && !machines.isPending()) return;
    const now = clock.now();
    if (Math.abs(now - writtenAt) < INTERVAL) return flushWhenDue();
    writtenAt = now;
    await writeAll(machines.take(false));
    if (machines.isPending()) flushWhenDue();
  }

  async function writeAll(denied: readonly Counted[]): Promise<void> {
    const counts = [...pending.values()].map((one): Counted => {
      const failed = () => void marks.delete(one.licenseId);
      return { write: toWrite(one), failed };
    });
    pending.clear();
    const writes = chunksOf([...counts, ...denied], MAX_WRITES).map((chunk) => {
      const written = write(chunk).finally(() => inFlight.delete(written));
      inFlight.add(written);
      return written;
    });
    await Promise.all(writes);
  }

  /**
   * A write whose answer was lost may have counted. Denials are not repeated, so none is counted twice. A mark may be, so
   * one that failed is no longer known as written and goes along with what is recorded next.
   */
  async function write(chunk: readonly Counted[]): Promise<void> {
    const failures = await failuresOf(
      store,
      chunk.map((one) => one.write),
    );
    for (const [index, one] of chunk.entries()) if (failures[index] !== undefined) one.failed();
  }

  const toWrite = ({ licenseId, day, maximum, increment }: Pending): Write => ({
    op: 'merge',
    path: usagePaths.day(licenseId, day, shard),
    fields: { day },
    maximum,
    increment,
    deleteAfter: clock.now() + USAGE_RETENTION,
  });

  return {
    recordPeak({ licenseId, seats }) {
      const now = clock.now();
      const [day, field] = [dayOf(now), `peaks.${hourField(now)}`];
      const hour = `${day} ${field}`;
      const mark = marks.get(licenseId);
      if (seats <= 0 || (mark?.hour === hour && mark.seats >= seats)) return;
      marks.set(licenseId, { hour, seats });
      pendingOf(licenseId, day).maximum[field] = seats;
    },
    recordDenials(licenseId, reason, denied) {
      for (const one of denied) machines.record(licenseId, reason, one);
      const now = clock.now();
      const { increment } = pendingOf(licenseId, dayOf(now));
      const field = `denials.${hourField(now)}.${reason}`;
      increment[field] = (increment[field] ?? 0) + denied.length;
    },
    flush,
    async close() {
      await writeAll(machines.take(true));
      await Promise.all(inFlight);
    },
  };
}

/** A recorder that discards everything, for callers without usage statistics. */
export const withoutUsage: UsageRecorder = {
  recordPeak: () => undefined,
  recordDenials: () => undefined,
  flush: async () => undefined,
  close: async () => undefined,
};

/** For each write whether it failed; those of a call that failed as a whole all did. */
async function failuresOf(store: UsageOptions['store'], writes: readonly Write[]) {
  try {
    return await store.writeEach(writes);
  } catch (error) {
    if (error instanceof CommitError) return writes.map(() => error.failure);
    throw error;
  }
}

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));

/** Keeps no instance running that has nothing else to do; `close` writes what is left. */
const untilDue = (milliseconds: number) => sleep(milliseconds, undefined, { ref: false });
