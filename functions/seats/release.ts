import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { readLicense } from '#shared/model/license.ts';
import { borrowedUntil, type EndedSession, type EndReason, readSession, type Session } from '#shared/model/session.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import { type EndingSession, planEnd } from '#shared/seats/end-session.ts';
import { leave } from '#shared/seats/lease-commits.ts';
import { paths } from '#shared/seats/paths.ts';
import { isHeldByOthers } from '#shared/seats/programs.ts';
import { queries } from '#shared/seats/queries.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import { markSeatLevel } from '#shared/seats/seat-level.ts';
import { sessionEvents } from '#shared/seats/session-events.ts';
import {
  CommitError,
  type Document,
  type DocumentReader,
  type DocumentStore,
  type Write,
} from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended-session.ts';
import { type UsageRecorder, withoutUsage } from './usage-recorder.ts';

export interface Released {
  /** Milliseconds since the epoch. */
  readonly releasedAt: number;
  /** Seats of the licence that are still in use. */
  readonly seatsUsed: number;
  /** Another program of the machine goes on with the seat. */
  readonly stillHeld?: boolean;
}

export interface ReleaseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly usage?: Pick<UsageRecorder, 'recordPeak'>;
  readonly reconcile: ReconcileSeats;
}

/** @param program which of the machine's programs gives the seat back; without one it is free whoever else uses it */
export type Release = (sessionId: string, reason?: EndReason, program?: string) => Promise<Released>;

const MAX_ATTEMPTS = 4;
/** Programs of one machine may all end in one moment, and each commit lets one of them through. */
const MAX_ATTEMPTS_OF_PROGRAM = 16;

/**
 * Returns a seat. The answer is stored with the ended session, so that a repeated release answers the same.
 * @throws Fault `session_not_found`, `session_ended` when it ended for another reason, `early_return_not_allowed`,
 *   `session_borrowed` for a reason that ends no borrowed session, `dependency_unavailable`
 */
export function createRelease({ store, clock, random, reconcile, usage = withoutUsage }: ReleaseOptions): Release {
  const context = { store, clock, random, reconcile, usage, read: createReadForRelease(store) };
  const mutex = createKeyedMutex();
  async function attempts(licenseId: string, handle: string, reason: EndReason, program?: string): Promise<Released> {
    const most = program === undefined ? MAX_ATTEMPTS : MAX_ATTEMPTS_OF_PROGRAM;
    for (let attempt = 0; attempt < most; attempt += 1) {
      const released = await attemptRelease(context, licenseId, handle, reason, program);
      if (released !== undefined) return released;
    }
    throw new Fault('dependency_unavailable', 'The seat could not be released right now.');
  }
  return async (sessionId, reason = 'released', program) => {
    const licenseId = licenseOfSession(sessionId);
    if (licenseId === undefined) throw sessionNotFound();
    const handle = handleOf(sessionId);
    const work = () => attempts(licenseId, handle, reason, program);
    return program === undefined ? work() : mutex.runExclusive(handle, work);
  };
}

/** What a release is decided by. */
interface ReleaseSnapshot {
  readonly document: Document | undefined;
  readonly licenseDocument: Document | undefined;
  /** Seats of the licence that are taken. */
  readonly used: number;
}

const MAX_GROUP = 100;
const MAX_WAITING = 20_000;

/**
 * Reads for releases. Those of one licence that arrive while a read is under way share the next one, so that an office
 * that closes costs two RPCs for a hundred seats and not for each. No release is decided by what was read before it came.
 */
function createReadForRelease(store: DocumentReader): (licenseId: string, handle: string) => Promise<ReleaseSnapshot> {
  const groups = createGroupCommit<string, ReleaseSnapshot>({
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
    async run(licenseId, handles) {
      const distinct = [...new Set(handles)];
      const [[licenseDocument, ...documents], used] = await Promise.all([
        store.get([paths.license(licenseId), ...distinct.map(paths.session)]),
        store.count(queries.takenSeats(licenseId)),
      ]);
      const byHandle = new Map(distinct.map((handle, index) => [handle, documents[index]]));
      return handles.map((handle) => ({ document: byHandle.get(handle), licenseDocument, used }));
    },
  });
  return groups.submit;
}

interface ReleaseContext extends Required<ReleaseOptions> {
  readonly read: ReturnType<typeof createReadForRelease>;
}

/** One round of reads and one commit. Undefined when the commit failed or its answer was lost: the next attempt reads which. */
async function attemptRelease(
  { store, clock, random, reconcile, usage, read }: ReleaseContext,
  licenseId: string,
  handle: string,
  reason: EndReason,
  program: string | undefined,
): Promise<Released | undefined> {
  const { document, licenseDocument, used } = await read(licenseId, handle);
  if (document === undefined) return earlierRelease(await readEnded(store, handle), reason);
  const session = readSession(document);
  const now = clock.now();
  const license = licenseDocument && readLicense(licenseDocument);
  const { writes, released } =
    program !== undefined && borrowedUntil(session, now) === undefined && isHeldByOthers(session, program, now)
      ? planLeave(session, used, program, now)
      : planRelease({ session, license, reason, now, random, used, asLast: program !== undefined });
  try {
    await store.commit([
      ...writes,
      ...sessionEvents(license, writes, now),
      ...(license !== undefined && used >= license.max_seats ? markSeatLevel(license, now, random) : []),
    ]);
    // Seats that are held on into another hour have no acquire in it, so the peak is recorded here too.
    usage.recordPeak({ licenseId, seats: used });
    // The licence may have waited for this seat, to have fewer of them.
    if (session.borrow_slot !== null && license?.reconciling) await reconcile(licenseId).catch(ignoreUnavailable);
    return released;
  } catch (error) {
    if (error instanceof CommitError) return undefined;
    throw error;
  }
}

/** What could not be finished now the reaper finishes. */
function ignoreUnavailable(error: unknown): void {
  if (!isFault(error, 'dependency_unavailable')) throw error;
}

/** What a release writes and answers. */
export function planRelease(ending: EndingSession): { readonly writes: Write[]; readonly released: Released } {
  const { writes, seatsUsed } = planEnd(ending);
  return { writes, released: { releasedAt: ending.now, seatsUsed } };
}

/** What a program writes and is answered when another program of its machine goes on with the seat. */
export const planLeave = (
  session: Session,
  used: number,
  program: string,
  now: number,
): { readonly writes: Write[]; readonly released: Released } => ({
  writes: [leave(session, program)],
  released: { releasedAt: now, seatsUsed: used, stillHeld: true },
});

/**
 * The answer for a session that does not exist any more: that of the release that ended it.
 * @throws Fault `session_not_found`, `session_ended` when it ended for another reason
 */
export function earlierRelease(ended: EndedSession | undefined, reason: EndReason): Released {
  if (ended === undefined) throw sessionNotFound();
  if (ended.reason !== reason) throw sessionEnded(ended);
  return { releasedAt: ended.ended_at, seatsUsed: ended.seats_used ?? 0 };
}
