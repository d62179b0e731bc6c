import { mapInParallel } from '#shared/concurrency/map-in-parallel.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { expiredBefore, readSession, type Session, SHARDS } from '#shared/model/session.ts';
import { reap } from '#shared/seats/end-commits.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import { markSeatLevel } from '#shared/seats/seat-level.ts';
import { sessionEvents } from '#shared/seats/session-events.ts';
import { CommitError, type Document, type DocumentStore } from '#shared/store/store.ts';
import type { ClearQueues } from './clear-queues.ts';
import type { EndKeys } from './end-keys.ts';

export interface ReapOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly reconcile: ReconcileSeats;
  readonly endKeys: EndKeys;
  readonly clearQueues: ClearQueues;
  /** Milliseconds of real time after which a run begins nothing new. */
  readonly budget: number;
}

export interface Reaped {
  /** Sessions that this run ended. */
  readonly ended: number;
  /** Sessions to be ended that it found: expired ones, and those of keys that ended with them. */
  readonly scanned: number;
  /** Expired sessions that it had no time for. */
  readonly remaining: number;
  /** Licences whose interrupted change of seats it finished. */
  readonly settled: number;
  /** Tickets of machines that have stopped asking for a seat, which it removed. */
  readonly tickets: number;
}

export type Reap = () => Promise<Reaped>;

const PAGE = 100;
/** Shards that are reaped at the same time, and commits in flight for each of them. */
const PARALLEL_SHARDS = 4;
const PARALLEL_COMMITS = 8;
const MAX_LICENSES = 100;

/** One run: its options, which sessions count as expired, and whether there is time to begin something. */
interface Run extends ReapOptions {
  readonly before: number;
  readonly inTime: () => boolean;
  /** Each licence is read once a run: it says whether anybody is to be told. */
  readonly licenseOf: (licenseId: string) => Promise<License | undefined>;
}

/**
 * Ends every session whose lease is over, each in a commit of its own that fails if a heartbeat comes first. Then
 * ends the sessions of ended keys, and finishes changes of seats that a crash interrupted. Nothing waits for the reaper: acquire takes expired sessions over.
 */
export function createReap(options: ReapOptions): Reap {
  return async () => {
    const stopAt = performance.now() + options.budget;
    const inTime = () => performance.now() < stopAt;
    const run = {
      ...options,
      before: expiredBefore(options.clock.now()),
      inTime,
      licenseOf: remembered(options.store),
    };
    const counts = await mapInParallel(SHARD_NUMBERS, PARALLEL_SHARDS, (shard) => reapShard(run, shard));
    const ofKeys = await options.endKeys(inTime);
    const settled = await reconcileLicenses(run);
    const tickets = await options.clearQueues(inTime);
    return {
      ended: sum(counts.map(({ ended }) => ended)) + ofKeys.ended,
      scanned: sum(counts.map(({ scanned }) => scanned)) + ofKeys.found,
      remaining: inTime() ? 0 : await countExpired(run),
      settled,
      tickets,
    };
  };
}

function remembered(store: ReapOptions['store']): Run['licenseOf'] {
  const known = new Map<string, Promise<License | undefined>>();
  return (licenseId) => {
    const found =
      known.get(licenseId) ??
      store.get([paths.license(licenseId)]).then(([document]) => document && readLicense(document));
    known.set(licenseId, found);
    return found;
  };
}

const SHARD_NUMBERS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

async function reapShard(run: Run, shard: number): Promise<{ ended: number; scanned: number }> {
  let [ended, scanned] = [0, 0];
  let after: PageEnd | undefined;
  while (run.inTime()) {
    const page = readPage(await run.store.query(queries.expiredInShard(shard, run.before, PAGE, after)), PAGE);
    const ends = await mapInParallel(page.sessions, PARALLEL_COMMITS, (session) => endSession(run, session));
    scanned += page.sessions.length;
    ended += ends.filter(Boolean).length;
    if (page.end === undefined) break;
    after = page.end;
  }
  return { ended, scanned };
}

/** The place of a page's last session in the order of the query. */
type PageEnd = readonly [expiresAt: number, path: string];

/** @returns `end`: where the next page begins; undefined when this one is the last */
export function readPage(
  documents: readonly Document[],
  size: number,
): { readonly sessions: Session[]; readonly end: PageEnd | undefined } {
  const sessions = documents.map(readSession);
  const [session, document] = [sessions.at(-1), documents.at(-1)];
  const isLast = session === undefined || document === undefined || documents.length < size;
  return { sessions, end: isLast ? undefined : [session.expires_at, document.path] };
}

/** False when a heartbeat prolonged the session, when it ended otherwise, or when the answer was lost: the next run sees. */
async function endSession({ store, clock, random, inTime, licenseOf }: Run, session: Session): Promise<boolean> {
  if (!inTime()) return false;
  const license = await licenseOf(session.license_id);
  const now = clock.now();
  const writes = reap(session, now, random);
  try {
    await store.commit([...writes, ...sessionEvents(license, writes, now), ...markSeatLevel(license, now, random)]);
    return true;
  } catch (error) {
    if (error instanceof CommitError) return false;
    throw error;
  }
}

async function reconcileLicenses({ store, clock, reconcile, inTime }: Run): Promise<number> {
  let finished = 0;
  const due = inTime() ? await store.query(queries.reconcilingLicenses(clock.now(), MAX_LICENSES)) : [];
  for (const { id } of due) {
    if (!inTime()) break;
    try {
      await reconcile(id);
      finished += 1;
    } catch (error) {
      if (!isFault(error, 'dependency_unavailable')) throw error;
    }
  }
  return finished;
}

async function countExpired({ store, before }: Run): Promise<number> {
  return sum(await Promise.all(SHARD_NUMBERS.map((shard) => store.count(queries.expiredInShard(shard, before, 1)))));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
