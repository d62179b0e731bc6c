import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type License, readLicense, seatTarget } from '../model/license.ts';
import { type EndReason, readSession } from '../model/session.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import { changeLeaseUnit, growSeats, reconciled, removeHeldSeats, removeOpenSeats } from './commits.ts';
import { paths } from './paths.ts';
import { queries } from './queries.ts';

export interface ReconcileOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Maximum number of seats in one commit. It is halved after a failed commit, since one session in use can fail it. */
const MAX_CHUNK = 200;

/** Commits that may fail in a row before the rest is left to the reaper. */
const MAX_FAILURES = 30;

export type ReconcileSeats = (licenseId: string) => Promise<License | undefined>;

/**
 * Brings the number of a licence's seat documents to the number that the licence should have, step by step: open seats
 * first, then those whose leases end soonest. A licence that changes what its seats are leased per goes through having
 * none. Every change of a licence calls this, and the reaper calls it for
 * licences that a crash left marked as `reconciling`. Any number of callers may do so at once.
 * @returns the reconciled licence, or undefined when there is none with that id
 * @throws Fault `dependency_unavailable` when it could not be finished now; the licence stays marked
 */
export function createReconcileSeats({ store, clock, random }: ReconcileOptions): ReconcileSeats {
  return async (licenseId) => {
    let chunk = MAX_CHUNK;
    for (let failures = 0; failures < MAX_FAILURES; ) {
      const [document] = await store.get([paths.license(licenseId)]);
      if (document === undefined) return undefined;
      const license = readLicense(document);
      const done = license.seats === seatTarget(license);
      if (done && !license.reconciling && license.next_lease_per === null) return license;
      try {
        const writes = done ? finish(license) : await nextStep({ store, clock, random }, license, chunk);
        await store.commit(writes);
        chunk = Math.min(MAX_CHUNK, chunk * 2);
        // A step that writes nothing but the licence found neither seats nor sessions: that must not repeat for ever.
        failures = done || writes.length > 1 ? 0 : failures + 1;
      } catch (error) {
        if (!(error instanceof CommitError)) throw error;
        chunk = Math.max(1, Math.floor(chunk / 2));
        failures += 1;
      }
    }
    throw new Fault('dependency_unavailable', 'The seats of the licence are still being changed.', { retryAfter: 1 });
  };
}

/** The number of seats is right: nothing is left to do, unless the licence had to be without seats for a change. */
const finish = (license: License): Write[] =>
  license.next_lease_per === null ? reconciled(license) : changeLeaseUnit(license, license.next_lease_per);

async function nextStep({ store, clock, random }: ReconcileOptions, license: License, chunk: number): Promise<Write[]> {
  const missing = seatTarget(license) - license.seats;
  if (missing > 0) return growSeats(license, Math.min(chunk, missing), missing > chunk, random);
  const surplus = Math.min(chunk, -missing);
  const open = await store.query(queries.openSeatsFrom(license.id, 0, surplus));
  if (open.length > 0) return removeOpenSeats(license, open, isUnfinished(license, open));
  const sessions = (await store.query(queries.earliestLeaseEnds(license.id, surplus))).map(readSession);
  return removeHeldSeats(license, sessions, endReason(license), clock.now(), isUnfinished(license, sessions));
}

const END_REASONS: Readonly<Record<License['status'], EndReason>> = {
  active: 'seats_reduced',
  suspended: 'license_suspended',
  archived: 'license_archived',
};

/** A licence that changes what its seats are leased per is as good as suspended meanwhile. */
const endReason = ({ status, next_lease_per }: License): EndReason =>
  status === 'active' && next_lease_per !== null ? 'license_suspended' : END_REASONS[status];

/** Whether further steps follow the one that removes these seats. */
const isUnfinished = (license: License, removed: readonly unknown[]): boolean =>
  license.next_lease_per !== null || license.seats - removed.length !== seatTarget(license);
