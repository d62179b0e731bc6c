import type { Actor } from '#shared/audit/actor.ts';
import { type AuditedChange, type CommitAudited, newAuditStamp } from '#shared/audit/commit-audited.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { readLicense } from '#shared/model/license.ts';
import { borrowedUntil, endedFields, readSession, type Session } from '#shared/model/session.ts';
import { isHandle } from '#shared/model/session-id.ts';
import { planEnd } from '#shared/seats/end-session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import { markSeatLevel } from '#shared/seats/seat-level.ts';
import { sessionEvents } from '#shared/seats/session-events.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { createLicenses } from './licenses.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import { takeRecall } from './recalls.ts';
import type { Scope } from './scope.ts';

export interface SessionsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly commitAudited: CommitAudited;
  readonly reconcile: ReconcileSeats;
  readonly licenses: Pick<ReturnType<typeof createLicenses>, 'get'>;
}

/** A borrowed session is ended before its time. */
export interface Recall {
  /** It counts among those that the tenant's people have; the vendor's do not. */
  readonly isLimited: boolean;
}

/** Lists the sessions of a licence, and ends one for an administrator. */
export function createSessions({ store, clock, random, commitAudited, reconcile, licenses }: SessionsOptions) {
  /** @throws Fault `license_not_found` */
  async function list(scope: Scope, licenseId: string, request: PageRequest): Promise<Page<Session>> {
    const { id } = await licenses.get(scope, licenseId);
    const { items, next } = await readPage(store, request, (range) => adminQueries.sessionsOf(id, range));
    return { items: items.map(readSession), next };
  }

  /**
   * Ends a session; its holder learns that with the next heartbeat. Ending it again succeeds.
   * @param handle the session id itself is a secret, and names nothing here
   * @param recall how a borrowed one is ended before its time; undefined: not at all
   * @throws Fault `session_not_found`, `session_ended` when it ended otherwise, `session_borrowed`,
   *   `recall_limit_reached`, `dependency_unavailable`
   */
  async function end(scope: Scope, handle: string, actor: Actor, recall?: Recall): Promise<void> {
    if (!isHandle(handle)) throw sessionNotFound();
    const stamp = newAuditStamp(clock.now());
    const prepare = async (): Promise<AuditedChange<string | undefined>> => {
      const [live, ended] = await store.get([paths.session(handle), paths.ended(handle)]);
      if (live === undefined) {
        const { tenant_id, license_id, reason } = endedFields.optional().parse(ended?.fields) ?? {};
        if (tenant_id === undefined || !scope.includes(tenant_id, license_id)) throw sessionNotFound();
        if (reason === 'admin_released' || (recall && reason === 'recalled')) return { writes: [], result: undefined };
        throw new Fault('session_ended', `The reason is "${reason}".`, { extra: { reason: String(reason) } });
      }
      const session = readSession(live);
      if (!scope.includes(session.tenant_id, session.license_id)) throw sessionNotFound();
      const [document] = await store.get([paths.license(session.license_id)]);
      const license = document && readLicense(document);
      const now = clock.now();
      const isRecalled = recall !== undefined && borrowedUntil(session, now) !== undefined;
      const isLimited = isRecalled && recall.isLimited && license !== undefined;
      const reason = isRecalled ? 'recalled' : 'admin_released';
      const { writes } = planEnd({ session, license, now, random, reason });
      return {
        writes: [
          ...writes,
          ...(isLimited ? [await takeRecall(store, license, now)] : []),
          ...sessionEvents(license, writes, stamp.at, stamp.id),
          ...markSeatLevel(license, now, random),
        ],
        event: {
          action: isRecalled ? 'session.recalled' : 'session.release',
          tenantId: session.tenant_id,
          licenseId: session.license_id,
          session: handle,
          details: { user_email: session.user_email, hostname: session.hostname, ...describeBorrowed(session) },
        },
        result: license?.reconciling ? license.id : undefined,
      };
    };
    const waiting = await commitAudited(actor, prepare, undefined, stamp);
    // The licence may have waited for this seat, to have fewer of them. What fails now the reaper finishes.
    if (waiting !== undefined) await reconcile(waiting).catch(ignoreUnavailable);
  }

  return { list, end };
}

const sessionNotFound = () => new Fault('session_not_found', 'The id is unknown, or belongs to another tenant.');

const describeBorrowed = ({ borrowed_until }: Session) =>
  borrowed_until === null ? {} : { borrowed_until: formatTime(borrowed_until) };

function ignoreUnavailable(error: unknown): void {
  if (!isFault(error, 'dependency_unavailable')) throw error;
}
