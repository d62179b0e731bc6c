import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type EndReason, readSession } from '#shared/model/session.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import { release } from '#shared/seats/commits.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended.ts';
import { noUsageNotes, type UsageNotes } from './usage.ts';

export interface Released {
  /** Milliseconds since the epoch. */
  readonly releasedAt: number;
  readonly seatsUsed: number;
}

export interface ReleaseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly usage?: UsageNotes;
}

export type Release = (sessionId: string, reason?: EndReason) => Promise<Released>;

const ATTEMPTS = 4;

/**
 * Gives a seat back. What a release answered is kept with the ended session, so that a repeated one answers the same.
 * @throws Fault `session_not_found`, `session_ended` when it ended for another reason, `dependency_unavailable`
 */
export function createRelease({ store, clock, random, usage = noUsageNotes }: ReleaseOptions): Release {
  /** One read and one commit. Undefined when the commit's outcome has to be looked up. */
  async function attempt(licenseId: string, handle: string, reason: EndReason): Promise<Released | undefined> {
    const [[session], used] = await Promise.all([
      store.get([paths.session(handle)]),
      store.count(queries.takenSeats(licenseId)),
    ]);
    if (session === undefined) return lookUp(handle, reason);
    const releasedAt = clock.now();
    const seatsUsed = Math.max(0, used - 1);
    try {
      const writes = release(readSession(session), reason, releasedAt, random, seatsUsed);
      // Seats that are held over midnight have no acquire in the new day.
      await store.commit([...writes, ...usage.peak(licenseId, used)]);
      usage.peakNoted(licenseId, used);
      return { releasedAt, seatsUsed };
    } catch (error) {
      if (error instanceof CommitError) return undefined;
      throw error;
    }
  }

  async function lookUp(handle: string, reason: EndReason): Promise<Released> {
    const ended = await readEnded(store, handle);
    if (ended === undefined) throw sessionNotFound();
    if (ended.reason !== reason) throw sessionEnded(ended);
    return { releasedAt: ended.ended_at, seatsUsed: ended.seats_used ?? 0 };
  }

  return async (sessionId, reason = 'released') => {
    const licenseId = licenseOfSession(sessionId);
    if (licenseId === undefined) throw sessionNotFound();
    const handle = handleOf(sessionId);
    for (let tries = 0; tries < ATTEMPTS; tries += 1) {
      const released = await attempt(licenseId, handle, reason);
      if (released !== undefined) return released;
    }
    throw new Fault('dependency_unavailable', 'The seat could not be given back right now.');
  };
}
