import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { type License, readLicense, seatTarget } from '../model/license.ts';
import { readSession } from '../model/session.ts';
import { CommitError, type DocumentStore, type Write } from '../store/store.ts';
import { growSeats, removeHeldSeats, removeOpenSeats, settled } from './commits.ts';
import { paths } from './paths.ts';
import { queries } from './queries.ts';

export interface SettleOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Seats in one commit at the most; fewer after one that was refused, since a single session in use can refuse it. */
const MAX_CHUNK = 200;

/** Commits that may be refused in a row before we leave the rest to the reaper. */
const MAX_REFUSALS = 30;

export type Settle = (licenseId: string) => Promise<License | undefined>;

/**
 * Brings a licence's seat documents to the number it should have, step by step: open seats first, then those whose
 * holders have been unheard longest. Whoever changes a licence calls this, and the reaper does for licences that a
 * crash left unsettled; any number may do so at once.
 * @returns the settled licence, or undefined when there is none of that id
 * @throws Fault `dependency_unavailable` when it could not be finished now; the licence stays marked as `settling`
 */
export function createSettle({ store, clock, random }: SettleOptions): Settle {
  async function nextStep(license: License, chunk: number): Promise<Write[]> {
    const target = seatTarget(license);
    const missing = target - license.seats;
    if (missing > 0) return growSeats(license, Math.min(chunk, missing), missing > chunk, random);
    const surplus = Math.min(chunk, -missing);
    const stays = (removed: number) => license.seats - removed !== target;
    const open = await store.query(queries.openSeatsFrom(license.id, 0, surplus));
    if (open.length > 0) return removeOpenSeats(license, open, stays(open.length));
    const sessions = (await store.query(queries.longestUnheard(license.id, surplus))).map(readSession);
    const reason = license.status === 'suspended' ? 'license_suspended' : 'seats_reduced';
    return removeHeldSeats(license, sessions, reason, clock.now(), stays(sessions.length));
  }

  return async (licenseId) => {
    let chunk = MAX_CHUNK;
    for (let refusals = 0; refusals < MAX_REFUSALS; ) {
      const [document] = await store.get([paths.license(licenseId)]);
      if (document === undefined) return undefined;
      const license = readLicense(document);
      const done = license.seats === seatTarget(license);
      if (done && !license.settling) return license;
      try {
        const writes = done ? settled(license) : await nextStep(license, chunk);
        await store.commit(writes);
        chunk = Math.min(MAX_CHUNK, chunk * 2);
        // A step that changed nothing but the licence found neither seats nor sessions: that must not go on for ever.
        refusals = done || writes.length > 1 ? 0 : refusals + 1;
      } catch (error) {
        if (!(error instanceof CommitError)) throw error;
        chunk = Math.max(1, Math.floor(chunk / 2));
        refusals += 1;
      }
    }
    throw new Fault('dependency_unavailable', 'The seats of the licence are still being changed.', { retryAfter: 1 });
  };
}
