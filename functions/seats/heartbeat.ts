import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import { renew } from '#shared/seats/commits.ts';
import { CommitError, type DocumentStore, type WriteFailure } from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended.ts';
import type { LicenseMemory } from './licenses.ts';
import { leaseEnd } from './plan.ts';
import type { Release } from './release.ts';
import { noUsageNotes, type UsageNotes } from './usage.ts';

export interface Beat {
  /** Milliseconds since the epoch. */
  readonly lastHeartbeat: number;
  readonly expiresAt: number;
}

export interface HeartbeatOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly licenses: LicenseMemory;
  readonly release: Release;
  readonly usage?: UsageNotes;
}

interface Pulse {
  readonly handle: string;
  readonly now: number;
  readonly expiresAt: number;
}

const MAX_GROUP = 100;
const MAX_WAITING = 20_000;
const ATTEMPTS = 3;

/**
 * Prolongs a session's lease with one blind write that requires the session to exist. Beats that arrive while a
 * write is under way go together in one BatchWrite, which answers for each.
 * @throws Fault `session_not_found`, `session_ended` with its reason, `dependency_unavailable`
 */
export function createHeartbeat({ store, clock, licenses, release, usage = noUsageNotes }: HeartbeatOptions) {
  const groupCommit = createGroupCommit<Pulse, WriteFailure | undefined>({
    run: (_key, pulses) => beatAll(pulses),
    maxGroup: MAX_GROUP,
    maxWaiting: MAX_WAITING,
  });

  /** Two beats of one session in a group are one write: of the longest lease that either of them is told. */
  async function beatAll(pulses: readonly Pulse[]): Promise<(WriteFailure | undefined)[]> {
    const byLease = pulses.toSorted((a, b) => a.expiresAt - b.expiresAt);
    const latest = new Map(byLease.map((pulse) => [pulse.handle, pulse]));
    const writes = [...latest.values()].map(({ handle, now, expiresAt }) => renew(handle, now, expiresAt));
    // Behind the beats, so that they cost no call of their own; nobody waits for what becomes of them.
    const refusals = await store.writeEach([...writes, ...usage.due()]).catch((error) => {
      if (error instanceof CommitError) return writes.map(() => error.failure);
      throw error;
    });
    const byHandle = new Map([...latest.keys()].map((handle, index) => [handle, refusals[index]]));
    return pulses.map(({ handle }) => byHandle.get(handle));
  }

  /** A beat may land twice: it never shortens what another one promised. So an unknown outcome is simply tried again. */
  async function beat(pulse: Pulse): Promise<WriteFailure | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const refusal = await groupCommit.submit('beats', pulse);
      if (refusal !== 'unknown' || attempt === ATTEMPTS) return refusal;
    }
  }

  return async (sessionId: string): Promise<Beat> => {
    const licenseId = licenseOfSession(sessionId);
    const remembered = licenseId === undefined ? undefined : await licenses.recall(licenseId);
    if (remembered === undefined) throw sessionNotFound();
    let license = remembered;
    if (license.expires_at <= clock.now()) {
      // What is remembered may be older than a prolongation: look again before ending anybody's work.
      license = (await licenses.read(license.id)) ?? license;
      if (license.expires_at <= clock.now()) {
        await release(sessionId, 'license_expired');
        throw sessionEnded({ reason: 'license_expired' });
      }
    }
    const now = clock.now();
    const expiresAt = leaseEnd(license, now);
    const handle = handleOf(sessionId);
    const refusal = await beat({ handle, now, expiresAt });
    if (refusal === undefined) return { lastHeartbeat: now, expiresAt };
    if (refusal === 'unknown')
      throw new Fault('dependency_unavailable', 'The heartbeat could not be written right now.');
    const ended = await readEnded(store, handle);
    throw ended === undefined ? sessionNotFound() : sessionEnded(ended);
  };
}
