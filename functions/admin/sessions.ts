import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { readLicense } from '#shared/model/license.ts';
import { endedFields, readSession, type Session } from '#shared/model/session.ts';
import { isHandle } from '#shared/model/session-id.ts';
import { planEnd } from '#shared/seats/end-session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { createLicenses } from './licenses.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import type { Scope } from './scope.ts';

export interface SessionsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly commitAudited: CommitAudited;
  readonly licenses: Pick<ReturnType<typeof createLicenses>, 'get'>;
}

/** Lists the sessions of a licence, and ends one for an administrator. */
export function createSessions({ store, clock, random, commitAudited, licenses }: SessionsOptions) {
  /** @throws Fault `license_not_found` */
  async function list(scope: Scope, licenseId: string, request: PageRequest): Promise<Page<Session>> {
    const { id } = await licenses.get(scope, licenseId);
    const { items, next } = await readPage(store, request, (range) => adminQueries.sessionsOf(id, range));
    return { items: items.map(readSession), next };
  }

  /**
   * Ends a session; its holder learns that with the next heartbeat. Ending it again succeeds.
   * @param handle the session id itself is a secret, and names nothing here
   * @throws Fault `session_not_found`, `session_ended` when it ended otherwise, `dependency_unavailable`
   */
  async function end(scope: Scope, handle: string, actor: Actor): Promise<void> {
    if (!isHandle(handle)) throw sessionNotFound();
    await commitAudited(actor, async () => {
      const [live, ended] = await store.get([paths.session(handle), paths.ended(handle)]);
      if (live === undefined) {
        const { tenant_id, license_id, reason } = endedFields.optional().parse(ended?.fields) ?? {};
        if (tenant_id === undefined || !scope.includes(tenant_id, license_id)) throw sessionNotFound();
        if (reason === 'admin_released') return { writes: [], result: undefined };
        throw new Fault('session_ended', `The reason is "${reason}".`, { extra: { reason: String(reason) } });
      }
      const session = readSession(live);
      if (!scope.includes(session.tenant_id, session.license_id)) throw sessionNotFound();
      const [license] = await store.get([paths.license(session.license_id)]);
      const ending = { session, license: license && readLicense(license), now: clock.now(), random };
      return {
        writes: planEnd({ ...ending, reason: 'admin_released' }).writes,
        event: {
          action: 'session.release',
          tenantId: session.tenant_id,
          licenseId: session.license_id,
          session: handle,
          details: { user_email: session.user_email, hostname: session.hostname },
        },
        result: undefined,
      };
    });
  }

  return { list, end };
}

const sessionNotFound = () => new Fault('session_not_found', 'The id is unknown, or belongs to another tenant.');
