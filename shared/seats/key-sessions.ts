import { mapInParallel } from '../concurrency/map-in-parallel.ts';
import type { Clock } from '../model/clock.ts';
import { type License, readLicense } from '../model/license.ts';
import { readSession, type Session } from '../model/session.ts';
import { CommitError, type DocumentStore } from '../store/store.ts';
import { planForcedEnd } from './force-end.ts';
import { paths } from './paths.ts';
import { queries } from './queries.ts';
import { markSeatLevel } from './seat-level.ts';
import { sessionEvents } from './session-events.ts';

export interface KeySessionsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
}

const PARALLEL_COMMITS = 8;

export interface EndedOfKey {
  /** Sessions that this call ended. */
  readonly ended: number;
  /** Sessions of the key that it found. */
  readonly found: number;
}

/**
 * Ends sessions that came with a licence key, each in a commit of its own.
 * @param limit the most sessions to end
 * @param inTime whether there is time to begin another commit
 */
export type EndSessionsOfKey = (keyId: string, limit: number, inTime?: () => boolean) => Promise<EndedOfKey>;

/** @throws Fault `dependency_unavailable`, from the returned function */
export function createEndSessionsOfKey({ store, clock, random }: KeySessionsOptions): EndSessionsOfKey {
  /** False when the session ended otherwise, or the answer was lost. */
  async function end(session: Session, license: License | undefined): Promise<boolean> {
    const now = clock.now();
    try {
      const writes = await planForcedEnd(store, session, 'key_ended', now, random);
      await store.commit([...writes, ...sessionEvents(license, writes, now), ...markSeatLevel(license, now, random)]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  return async (keyId, limit, inTime = () => true) => {
    const sessions = (await store.query(queries.sessionsOfKey(keyId, limit))).map(readSession);
    const [first] = sessions;
    const [document] = first === undefined ? [] : await store.get([paths.license(first.license_id)]);
    const license = document && readLicense(document);
    const ends = await mapInParallel(
      sessions,
      PARALLEL_COMMITS,
      async (session) => inTime() && (await end(session, license)),
    );
    return { ended: ends.filter(Boolean).length, found: sessions.length };
  };
}
