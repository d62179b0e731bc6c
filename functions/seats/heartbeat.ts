import { createGroupCommit, type GroupCommit } from '#shared/concurrency/group-commit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { hasEnded, type License } from '#shared/model/license.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import { renew } from '#shared/seats/commits.ts';
import { CommitError, type DocumentStore, type Write, type WriteFailure } from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended-session.ts';
import { leaseEnd } from './lease.ts';
import type { LicenseCache } from './license-cache.ts';
import type { Release } from './release.ts';
import type { UsageRecorder } from './usage-recorder.ts';

export interface HeartbeatResult {
  /** Milliseconds since the epoch. */
  readonly lastHeartbeat: number;
  readonly expiresAt: number;
  readonly leaseSeconds: number;
}

export interface HeartbeatOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly licenses: Pick<LicenseCache, 'get' | 'getFresh'>;
  readonly release: Release;
  readonly usage?: Pick<UsageRecorder, 'takePending'>;
}

/** One session's lease, to be prolonged. Times are milliseconds since the epoch. */
export interface HeartbeatRequest {
  readonly handle: string;
  readonly now: number;
  readonly expiresAt: number;
  /** Which of the machine's programs it came from. */
  readonly program?: string | undefined;
}

export type Heartbeat = (sessionId: string, program?: string) => Promise<HeartbeatResult>;

const MAX_GROUP = 100;
const MAX_WAITING = 20_000;
const MAX_ATTEMPTS = 3;

/**
 * Prolongs a session's lease with one write that reads nothing and requires that the session exists. Heartbeats that
 * arrive while a write is under way go together in one BatchWrite, which answers for each of them.
 * @throws Fault `session_not_found`, `session_ended` with its reason, `dependency_unavailable`
 */
export function createHeartbeat({ store, clock, licenses, release, usage }: HeartbeatOptions): Heartbeat {
  const groups = createGroupCommit<HeartbeatRequest, WriteFailure | undefined>({
    run: (_key, requests) => writeHeartbeats(store, requests, usage?.takePending() ?? []),
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
  });
  return async (sessionId, program) => {
    const license = await validLicense(sessionId, licenses, clock);
    if (hasEnded(license, clock.now())) {
      await release(sessionId, 'license_expired');
      throw sessionEnded({ reason: 'license_expired' });
    }
    const now = clock.now();
    const request = { handle: handleOf(sessionId), now, expiresAt: leaseEnd(license, now), program };
    const failure = await submitUntilKnown(groups, request);
    if (failure === undefined) {
      return { lastHeartbeat: now, expiresAt: request.expiresAt, leaseSeconds: license.lease_seconds };
    }
    if (failure === 'unknown') {
      throw new Fault('dependency_unavailable', 'The heartbeat could not be written right now.');
    }
    const ended = await readEnded(store, request.handle);
    throw ended === undefined ? sessionNotFound() : sessionEnded(ended);
  };
}

/** The session's licence. It is read again when the cached one has expired, since it may have been extended since. */
async function validLicense(sessionId: string, licenses: HeartbeatOptions['licenses'], clock: Clock): Promise<License> {
  const licenseId = licenseOfSession(sessionId);
  const license = licenseId === undefined ? undefined : await licenses.get(licenseId);
  if (license === undefined) throw sessionNotFound();
  return !hasEnded(license, clock.now()) ? license : ((await licenses.getFresh(license.id)) ?? license);
}

/** A heartbeat that is written twice does no harm, so one whose answer was lost is simply sent again. */
async function submitUntilKnown(
  groups: GroupCommit<HeartbeatRequest, WriteFailure | undefined>,
  request: HeartbeatRequest,
): Promise<WriteFailure | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const failure = await groups.submit('heartbeats', request);
    if (failure !== 'unknown' || attempt === MAX_ATTEMPTS) return failure;
  }
}

/** @param along writes that share the RPC to save one of their own; their failures are ignored */
async function writeHeartbeats(
  store: Pick<DocumentStore, 'writeEach'>,
  requests: readonly HeartbeatRequest[],
  along: readonly Write[],
): Promise<(WriteFailure | undefined)[]> {
  const { writes, writeOf } = planHeartbeats(requests);
  const failures = await store.writeEach([...writes, ...along]).catch((error) => {
    if (error instanceof CommitError) return writes.map(() => error.failure);
    throw error;
  });
  return writeOf.map((index) => failures[index]);
}

/**
 * The writes of a group: one for each session, with the latest of the lease ends that its heartbeats are answered.
 * @returns `writeOf`: for each request, in order, the index of the write that serves it
 */
export function planHeartbeats(requests: readonly HeartbeatRequest[]): { writes: Write[]; writeOf: number[] } {
  const byLeaseEnd = requests.toSorted((a, b) => a.expiresAt - b.expiresAt);
  const latest = new Map(byLeaseEnd.map((request) => [request.handle, request]));
  const indexOf = new Map([...latest.keys()].map((handle, index) => [handle, index]));
  const programs = Map.groupBy(requests, ({ handle }) => handle);
  const programsOf = (handle: string) =>
    new Set(programs.get(handle)?.flatMap(({ program }) => (program === undefined ? [] : [program])));
  return {
    writes: [...latest.values()].map(({ handle, now, expiresAt }) => renew(handle, now, expiresAt, programsOf(handle))),
    writeOf: requests.map(({ handle }) => indexOf.get(handle) ?? -1),
  };
}
