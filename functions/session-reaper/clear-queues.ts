import type { Clock } from '#shared/model/clock.ts';
import { readTicket, SWEEP_RETENTION, sweepFields } from '#shared/model/ticket.ts';
import { queries } from '#shared/seats/queries.ts';
import { drop } from '#shared/seats/queue-commits.ts';
import { CommitError, type Document, type DocumentStore } from '#shared/store/store.ts';

export interface ClearQueuesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

const MAX_LICENSES = 1_000;
const PAGE = 200;

/**
 * Removes the tickets of machines that have stopped asking, and counts them. Nobody waits for it: acquire passes over dead
 * tickets. It looks at the licences that instances have marked, and forgets a mark when the queue is empty and the mark so
 * old that no instance relies on it.
 * @param inTime whether there is time to begin something
 */
export type ClearQueues = (inTime: () => boolean) => Promise<number>;

export function createClearQueues({ store, clock }: ClearQueuesOptions): ClearQueues {
  async function clear(licenseId: string, inTime: () => boolean): Promise<number> {
    let cleared = 0;
    while (inTime()) {
      const dead = await store.query(queries.deadTickets(licenseId, clock.now(), PAGE));
      const failures = dead.length === 0 ? [] : await store.writeEach(dead.map(readTicket).map(drop)).catch(unapplied);
      const removed = failures.filter((failure) => failure === undefined).length;
      cleared += removed;
      // Without progress the rest is left to the next run.
      if (dead.length < PAGE || removed === 0) break;
    }
    return cleared;
  }

  /** Forgets a licence, unless somebody has marked it again since. */
  async function forget({ path, updateTime: lastUpdateTime }: Document): Promise<void> {
    await store.commit([{ op: 'delete', path, precondition: { lastUpdateTime } }]).catch(unapplied);
  }

  return async (inTime) => {
    let cleared = 0;
    for (const sweep of inTime() ? await store.query(queries.dueSweeps(clock.now(), MAX_LICENSES)) : []) {
      if (!inTime()) break;
      cleared += await clear(sweep.id, inTime);
      const { due } = sweepFields.parse(sweep.fields);
      if (due + SWEEP_RETENTION <= clock.now() && (await store.count(queries.tickets(sweep.id))) === 0) {
        await forget(sweep);
      }
    }
    return cleared;
  };
}

function unapplied(error: unknown): 'unknown'[] {
  if (error instanceof CommitError) return ['unknown'];
  throw error;
}
