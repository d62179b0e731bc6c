import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { type License, lendsUntil } from '#shared/model/license.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import type { DocumentStore, WriteFailure } from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended-session.ts';
import { createHeartbeatWriter, type HeartbeatRequest } from './heartbeat-writer.ts';
import { leaseEnds } from './lease.ts';
import type { LicenseCache } from './license-cache.ts';
import type { Release } from './release.ts';

export interface HeartbeatResult {
  /** Milliseconds since the epoch. */
  readonly lastHeartbeat: number;
  readonly expiresAt: number;
  readonly leaseSeconds: number;
  /** The latest end of a copy that may be signed with it. */
  readonly copyUntil: number;
}

export interface HeartbeatOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly licenses: Pick<LicenseCache, 'peek' | 'get' | 'getFresh'>;
  readonly release: Release;
  /** Waits for the time after which a write counts as hanging. */
  readonly pause?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

export interface HeartbeatOf {
  readonly program?: string | undefined;
  /** Whether a copy is signed with it: a heartbeat without prolongs the lease, never a copy. */
  readonly signs?: boolean;
}

export type Heartbeat = (sessionId: string, options?: HeartbeatOf) => Promise<HeartbeatResult>;

/** Heartbeats of all licences share groups. */
const GROUP = 'heartbeats';
const MAX_GROUP = 100;
const MAX_WAITING = 20_000;
const MAX_ATTEMPTS = 3;

/**
 * Prolongs a session's lease with one write that reads nothing and requires that the session exists. Heartbeats that
 * arrive while a write is under way go together in one BatchWrite, which answers for each of them; heartbeat-writer.ts
 * says what happens when that hangs.
 * @throws Fault `session_not_found`, `session_ended` with its reason, `dependency_unavailable`
 */
export function createHeartbeat({ store, clock, licenses, release, pause }: HeartbeatOptions): Heartbeat {
  const groups = createGroupCommit<HeartbeatRequest, WriteFailure | undefined>({
    run: createHeartbeatWriter(store, pause),
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
  });
  return async (sessionId, { program, signs = false } = {}) => {
    const license = cachedLicense(sessionId, licenses, clock) ?? (await validLicense(sessionId, licenses, clock));
    if (lendsUntil(license) <= clock.now()) {
      // A borrowed session is left until its time is over, because its copy works.
      await release(sessionId, 'license_expired').catch((error) => {
        if (!isFault(error, 'session_borrowed')) throw error;
      });
      throw sessionEnded({ reason: 'license_expired' });
    }
    const now = clock.now();
    const { expiresAt, copyUntil } = leaseEnds(license, now);
    let leaseEnd = expiresAt;
    const request = {
      licenseId: license.id,
      handle: handleOf(sessionId),
      now,
      expiresAt,
      program,
      onLeaseEnd: (end: number) => {
        leaseEnd = Math.max(leaseEnd, end);
      },
      ...(signs ? { copyUntil } : {}),
    };
    let failure = await groups.submit(GROUP, request);
    // A heartbeat that is written twice does no harm, so one whose answer was lost is simply sent again.
    for (let attempt = 1; failure === 'unknown' && attempt < MAX_ATTEMPTS; attempt += 1) {
      failure = await groups.submit(GROUP, request);
    }
    if (failure === undefined) {
      return { lastHeartbeat: now, expiresAt: leaseEnd, leaseSeconds: license.lease_seconds, copyUntil };
    }
    if (failure === 'unknown') {
      throw new Fault('dependency_unavailable', 'The heartbeat could not be written right now.');
    }
    const ended = await readEnded(store, request.handle);
    throw ended === undefined ? sessionNotFound() : sessionEnded(ended);
  };
}

/** The session's licence as almost every heartbeat finds it: in memory, and lending. */
function cachedLicense(sessionId: string, licenses: HeartbeatOptions['licenses'], clock: Clock): License | undefined {
  const licenseId = licenseOfSession(sessionId);
  const license = licenseId === undefined ? undefined : licenses.peek(licenseId);
  return license !== undefined && lendsUntil(license) > clock.now() ? license : undefined;
}

/** The session's licence. It is read again when the cached one has expired, since it may have been extended since. */
async function validLicense(sessionId: string, licenses: HeartbeatOptions['licenses'], clock: Clock): Promise<License> {
  const licenseId = licenseOfSession(sessionId);
  const license = licenseId === undefined ? undefined : await licenses.get(licenseId);
  if (license === undefined) throw sessionNotFound();
  return lendsUntil(license) > clock.now() ? license : ((await licenses.getFresh(license.id)) ?? license);
}
