import type { DocumentReader } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { type MachinesOfDay, readMachines } from './machine-limit.ts';
import { type QueueSnapshot, readQueue } from './queue-snapshot.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** What is read beside the snapshot, of licences with the terms that need it. */
export interface TermsSnapshot {
  readonly queue: QueueSnapshot | undefined;
  readonly machines: MachinesOfDay | undefined;
}

const NO_TERMS: TermsSnapshot = { queue: undefined, machines: undefined };

/** Reads nothing of a licence without such terms. @param now milliseconds since the epoch */
export async function readTerms(
  store: DocumentReader,
  snapshot: SeatSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
): Promise<TermsSnapshot> {
  const { license } = snapshot;
  if (license === undefined || (license.queue === null && license.machines_per_day === null)) return NO_TERMS;
  const [queue, machines] = await Promise.all([
    readQueue(store, snapshot, requests, now),
    readMachines(store, snapshot, requests, now),
  ]);
  return { queue, machines };
}
