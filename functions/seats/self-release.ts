import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import { selfReleaseFields } from '#shared/model/self-release.ts';
import { endedFields, readSession, type Session } from '#shared/model/session.ts';
import { isHandle } from '#shared/model/session-id.ts';
import { planEnd } from '#shared/seats/end-session.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Document, DocumentStore, Write } from '#shared/store/store.ts';
import { sessionEnded, sessionNotFound } from './ended-session.ts';
import { type PresentedKey, requireEligible, selfServiceOff } from './holders.ts';
import type { Released } from './release.ts';

export interface SelfReleaseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whoever has a key may end sessions that are not his, so each end leaves a record. */
  readonly commitAudited: CommitAudited;
}

/** From where a request came, for its audit record. */
export type Origin = Pick<Actor, 'ip' | 'request_id'>;

/** Frees a seat for whoever has a licence key. @param handle of the session */
export type SelfRelease = (key: PresentedKey, handle: string, origin: Origin) => Promise<Released>;

const MAX_AN_HOUR = 10;
const HOUR = 3_600_000;

/**
 * Frees a seat of the key's own licence, where the licence offers it: as an administrator would, with an audit record
 * and at most ten times in any hour. The times of the last ten are a document that the same commit changes, so no number
 * of instances frees an eleventh. Repeating a request succeeds again.
 * @throws Fault, from the returned function: `license_not_found`, `license_expired`, `license_suspended`,
 *   `self_service_off`, `forbidden` for a session that is not the key's own, `session_not_found`, `session_ended`,
 *   `session_borrowed`, `conflict` for a seat that is only kept, `rate_limited`, `dependency_unavailable`
 */
export function createSelfRelease({ store, clock, random, commitAudited }: SelfReleaseOptions): SelfRelease {
  return async ({ licenseId, hash }, handle, origin) => {
    const { key } = requireEligible(
      await store.get([paths.license(licenseId), paths.key(licenseId, hash)]),
      clock.now(),
    );
    const identity = { kind: 'key', id: key.label ?? key.id, email: key.user_email } as const;
    return commitAudited({ identity, ...origin }, async (): Promise<AuditedChange<Released>> => {
      const now = clock.now();
      const [documents, used] = await Promise.all([
        store.get([
          paths.license(licenseId),
          paths.key(licenseId, hash),
          paths.selfReleases(licenseId),
          ...(isHandle(handle) ? [paths.session(handle), paths.ended(handle)] : []),
        ]),
        store.count(queries.takenSeats(licenseId)),
      ]);
      const { license } = requireEligible(documents, now);
      const [, , releases, live, ended] = documents;
      if (license.self_service.release === 'none') throw selfServiceOff();
      if (live === undefined) return { writes: [], result: earlier(license, ended) };
      const session = readSession(live);
      requireReleasable(session, license, key);
      const note = noteRelease(license.id, releases, now);
      const { writes, seatsUsed } = planEnd({ session, license, reason: 'self_released', now, random, used });
      return {
        writes: [...writes, note],
        event: {
          action: 'session.self_release',
          tenantId: license.tenant_id,
          licenseId: license.id,
          session: handle,
          details: { key: key.id, user_email: session.user_email, hostname: session.hostname },
        },
        result: { releasedAt: now, seatsUsed },
      };
    });
  };
}

/** What the release that ended the session was answered. */
function earlier(license: License, document: Document | undefined): Released {
  const ended = document && endedFields.parse(document.fields);
  if (ended?.license_id !== license.id) throw sessionNotFound();
  if (ended.reason !== 'self_released') throw sessionEnded(ended);
  return { releasedAt: ended.ended_at, seatsUsed: ended.seats_used ?? 0 };
}

function requireReleasable(session: Session, license: License, key: KeyRecord): void {
  if (session.license_id !== license.id) throw sessionNotFound();
  if (license.self_service.release === 'own' && !isOwn(session, license, key)) {
    throw new Fault('forbidden', 'This licence lets a key free the seats that came with it, or are of its user.');
  }
  if (session.lingering) throw new Fault('conflict', 'The seat has been given back and is kept for its machine.');
}

/** What a client said of its user proves nothing, so addresses count only where they were proven. */
const isOwn = (session: Session, { lease_per }: License, key: KeyRecord): boolean =>
  session.key === key.id || (lease_per === 'user' && key.user_email !== null && session.user_email === key.user_email);

/** @throws Fault `rate_limited` */
function noteRelease(licenseId: string, document: Document | undefined, now: number): Write {
  const path = paths.selfReleases(licenseId);
  const { times } = selfReleaseFields.parse(document?.fields ?? { times: [] });
  const recent = times.filter((time) => time > now - HOUR);
  if (recent.length >= MAX_AN_HOUR) {
    const until = Math.min(...recent) + HOUR;
    throw new Fault('rate_limited', `Key holders free at most ${MAX_AN_HOUR} seats of a licence in an hour.`, {
      retryAfter: Math.ceil((until - now) / 1000),
    });
  }
  const fields = { times: [...recent, now] };
  return document === undefined
    ? { op: 'create', path, fields }
    : { op: 'update', path, fields, lastUpdateTime: document.updateTime };
}
