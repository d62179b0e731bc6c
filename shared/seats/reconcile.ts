import { type BorrowSlot, readBorrowSlot } from '../model/borrow-slot.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type License, MAX_SEATS, readLicense, seatTarget } from '../model/license.ts';
import {
  borrowedUntil,
  type EndReason,
  EXPIRY_SLACK,
  expiredBefore,
  readSession,
  type Session,
} from '../model/session.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import {
  changeLeaseUnit,
  dropSlots,
  FINISHED,
  growSeats,
  type Outlook,
  reconciled,
  removeHeldSeats,
  removeOpenSeats,
  UNFINISHED,
  waitUntil,
} from './license-commits.ts';
import { paths } from './paths.ts';
import { queries } from './queries.ts';
import { markSeatLevel } from './seat-level.ts';
import { sessionEvents } from './session-events.ts';

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
 *
 * Borrowed seats are waited for: a shrink does not end them, and copies whose sessions were ended keep as many seats away.
 * The licence then stays marked, with the time of the next look.
 * @returns the licence, reconciled or waiting, or undefined when there is none with that id
 * @throws Fault `dependency_unavailable` when it could not be finished now; the licence stays marked
 */
export function createReconcileSeats({ store, clock, random }: ReconcileOptions): ReconcileSeats {
  return async (licenseId) => {
    let chunk = MAX_CHUNK;
    for (let failures = 0; failures < MAX_FAILURES; ) {
      // The licence is read before what is counted, and each step requires that it has not changed since: whatever makes
      // a copy without a session writes the licence, too.
      const [document] = await store.get([paths.license(licenseId)]);
      if (document === undefined) return undefined;
      const license = readLicense(document);
      const slots = license.had_borrow ? await readOrphans(store, licenseId) : [];
      const now = clock.now();
      const over = slots.filter(({ until }) => until <= expiredBefore(now));
      const orphans = slots.filter(({ until }) => until > expiredBefore(now));
      const step = { license, target: seatTarget(license, orphans.length), orphans, now, random };
      const isDone = over.length === 0 && license.seats === step.target;
      const rest = restOf(step);
      if (isDone && license.next_lease_per === null && isSame(license, rest)) return license;
      try {
        const writes = over.length > 0 ? dropSlots(licenseId, over) : await nextStep(store, step, chunk);
        if (writes === undefined) return license;
        await store.commit([...writes, ...sessionEvents(license, writes, now), ...markSeatLevel(license, now, random)]);
        chunk = Math.min(MAX_CHUNK, chunk * 2);
        // A step that writes nothing but the licence found neither seats nor sessions: that must not repeat for ever.
        failures = isDone || writes.length > 1 || over.length > 0 ? 0 : failures + 1;
      } catch (error) {
        if (!(error instanceof CommitError)) throw error;
        chunk = Math.max(1, Math.floor(chunk / 2));
        failures += 1;
      }
    }
    throw new Fault('dependency_unavailable', 'The seats of the licence are still being changed.', { retryAfter: 1 });
  };
}

/** A licence as one step sees it. */
interface Step {
  readonly license: License;
  /** The number of seats that it should have. */
  readonly target: number;
  /** Slots whose copies work although their sessions have ended, those that end soonest first. */
  readonly orphans: readonly BorrowSlot[];
  readonly now: number;
  readonly random: () => number;
}

/** As many as a licence may have seats. */
const readOrphans = async (store: DocumentStore, licenseId: string): Promise<readonly BorrowSlot[]> =>
  (await store.query(queries.orphanSlots(licenseId, MAX_SEATS))).map(readBorrowSlot);

/** What is left to do when there are as many seats as there should be: the seats of orphans come back when they end. */
function restOf({ license, orphans: [first] }: Step): Outlook {
  if (license.next_lease_per !== null) return UNFINISHED;
  return first === undefined ? FINISHED : waitUntil(first.until + EXPIRY_SLACK + 1);
}

/** The number of seats is right: nothing is left to do now, unless the licence had to be without seats for a change. */
const finish = (step: Step): Write[] => {
  const { license } = step;
  return license.next_lease_per === null
    ? reconciled(license, restOf(step))
    : changeLeaseUnit(license, license.next_lease_per);
};

/** Milliseconds after which a licence that has too many borrowed seats is looked at again: some come back early. */
const LOOK_AGAIN = 600_000;

/** The writes of the next step; undefined when the licence has to wait and says so already. */
async function nextStep(store: DocumentStore, step: Step, chunk: number): Promise<Write[] | undefined> {
  const { license, target, now, random } = step;
  const missing = target - license.seats;
  const outlook = (left: number) => (left === 0 ? restOf(step) : UNFINISHED);
  if (missing === 0) return finish(step);
  if (missing > 0) {
    const count = Math.min(chunk, missing);
    return growSeats(license, count, outlook(missing - count), random);
  }
  const surplus = Math.min(chunk, -missing);
  const open = await store.query(queries.openSeatsFrom(license.id, 0, surplus));
  if (open.length > 0) return removeOpenSeats(license, open, outlook(-missing - open.length));
  const { ending, waiting } = await readSurplus(store, step, surplus);
  if (ending.length > 0 || waiting === undefined) {
    return removeHeldSeats(license, ending, endReason(license), now, outlook(-missing - ending.length));
  }
  const wait = waitUntil(Math.min(waiting, now + LOOK_AGAIN));
  return license.reconciling && license.reconcile_at > now ? undefined : reconciled(license, wait);
}

/**
 * The sessions that a licence with too many seats ends next. An active licence waits for its borrowed ones.
 * @returns `waiting`: when the first of them ends
 */
async function readSurplus(store: DocumentStore, { license, now }: Step, surplus: number) {
  const mayWait = license.had_borrow && license.status === 'active' && license.next_lease_per === null;
  const borrowed = mayWait ? await store.count(queries.borrowSlots(license.id)) : 0;
  const sessions = (await store.query(queries.earliestLeaseEnds(license.id, surplus + borrowed))).map(readSession);
  const isWaitedFor = (session: Session) => mayWait && borrowedUntil(session, expiredBefore(now)) !== undefined;
  const [first] = sessions.filter(isWaitedFor);
  return {
    ending: sessions.filter((session) => !isWaitedFor(session)).slice(0, surplus),
    waiting: first && (first.borrowed_until ?? 0) + EXPIRY_SLACK + 1,
  };
}

const END_REASONS: Readonly<Record<License['status'], EndReason>> = {
  active: 'seats_reduced',
  suspended: 'license_suspended',
  archived: 'license_archived',
};

/** A licence that changes what its seats are leased per is as good as suspended meanwhile. */
const endReason = ({ status, next_lease_per }: License): EndReason =>
  status === 'active' && next_lease_per !== null ? 'license_suspended' : END_REASONS[status];

const isSame = (license: License, { reconciling, reconcile_at }: Outlook): boolean =>
  license.reconciling === reconciling && license.reconcile_at === reconcile_at;
