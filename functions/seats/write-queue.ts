import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { SWEEP_RETENTION } from '#shared/model/ticket.ts';
import { markQueue } from '#shared/seats/queue-commits.ts';
import { CommitError, type DocumentWriter, type Write, type WriteFailure } from '#shared/store/store.ts';
import type { Step } from './decide-group.ts';
import type { Wait } from './wait-step.ts';

interface QueueWriting {
  readonly store: Pick<DocumentWriter, 'writeEach'>;
  readonly sweeps: QueueSweeps;
}

/** Which licences the reaper has been told of by this instance. */
export interface QueueSweeps {
  /** The mark of a licence whose queue somebody waits in, when it is due. */
  marks(licenseId: string): Write[];
}

const MAX_LICENSES = 10_000;

export function createQueueSweeps(clock: Clock): QueueSweeps {
  const marked = new LRUCache<string, number>({ maxSize: MAX_LICENSES, sizeCalculation: () => 1 });
  return {
    marks(licenseId) {
      const now = clock.now();
      if (now < (marked.get(licenseId) ?? Number.NEGATIVE_INFINITY) + SWEEP_RETENTION / 2) return [];
      marked.set(licenseId, now);
      return [markQueue(licenseId, now)];
    },
  };
}

/**
 * Writes the tickets of a group, and removes those that nobody needs: one RPC, each write for itself.
 * @param cleaning writes whose failure means nothing
 * @returns the steps that were applied; the others have to be attempted again
 */
export async function writeQueue(
  { store, sweeps }: QueueWriting,
  licenseId: string,
  waits: readonly Wait[],
  cleaning: readonly Write[],
): Promise<ReadonlySet<Step>> {
  const writes = [...waits.map(({ write }) => write), ...cleaning];
  if (writes.length === 0) return new Set();
  const marks = waits.length === 0 ? [] : sweeps.marks(licenseId);
  const failures = await store.writeEach([...writes, ...marks]).catch((error: unknown) => {
    if (!(error instanceof CommitError)) throw error;
    return writes.map((): WriteFailure | undefined => error.failure);
  });
  return new Set(waits.filter((_, index) => failures[index] === undefined));
}
