import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { type NamedUser, newNamedUser, readNamedUser } from '#shared/model/named-user.ts';
import { holderFields, readSession, type Session } from '#shared/model/session.ts';
import { userId } from '#shared/model/session-id.ts';
import { planEnd } from '#shared/seats/end-session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { FindLicenses } from './find-licenses.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import type { Scope } from './scope.ts';

export interface NamedUsersOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly commitAudited: CommitAudited;
  readonly licenses: Pick<FindLicenses, 'get'>;
}

/** A session that ended between two reads is looked for again. */
const MAX_READS = 5;

/**
 * The users of a licence that is leased per user, by address as `normalEmail` gives it. A removal ends the user's session
 * in its own commit. An acquire of the same user writes the user's document, so whichever of the two comes second has
 * read what the first one did.
 */
export function createNamedUsers({ store, clock, random, commitAudited, licenses }: NamedUsersOptions) {
  /** @throws Fault `license_not_found` */
  async function list(scope: Scope, licenseId: string, request: PageRequest): Promise<Page<NamedUser>> {
    const { id } = await licenses.get(scope, licenseId);
    const { items, next } = await readPage(store, request, (range) => adminQueries.namedUsers(id, range));
    return { items: items.map(readNamedUser), next };
  }

  /** @throws Fault `license_not_found`, `not_found` */
  async function get(scope: Scope, licenseId: string, email: string): Promise<NamedUser> {
    const { id } = await licenses.get(scope, licenseId);
    const [document] = await store.get([paths.user(id, userId(id, email))]);
    if (document === undefined) throw new Fault('not_found', 'The user is not on the list of the licence.');
    return readNamedUser(document);
  }

  /**
   * Adds a user; one who is on the list stays as he is.
   * @throws Fault `license_not_found`, `conflict` for an archived licence, `dependency_unavailable`
   */
  async function put(scope: Scope, licenseId: string, email: string, actor: Actor): Promise<NamedUser> {
    return commitAudited(actor, async () => {
      const license = await licenses.get(scope, licenseId);
      if (license.archived) throw new Fault('conflict', 'The licence is archived.');
      const path = paths.user(license.id, userId(license.id, email));
      const [found] = await store.get([path]);
      const known = found && readNamedUser(found);
      if (known?.email === email) return { writes: [], result: known };
      // One whose address was erased has kept the place, and gets the address back.
      const fields = known === undefined ? newNamedUser(license, email, clock.now()) : { ...known, email };
      return {
        writes: [{ op: known === undefined ? 'create' : 'update', path, fields }, ...noteNames(license)],
        event: eventOf('license.add_user', license, email),
        result: fields,
      };
    });
  }

  /**
   * Removes a user and ends the user's session. Repeating the call succeeds.
   * @throws Fault `license_not_found`, `session_borrowed`, `dependency_unavailable`
   */
  async function remove(scope: Scope, licenseId: string, email: string, actor: Actor): Promise<void> {
    await commitAudited(actor, async () => {
      const license = await licenses.get(scope, licenseId);
      const user = userId(license.id, email);
      const { document, session } = await readUser(license.id, user);
      if (document === undefined) return { writes: [], result: undefined };
      const { path, updateTime } = document;
      const ending = { license, reason: 'user_removed', now: clock.now(), random } as const;
      const end: Write[] = session === undefined ? [] : planEnd({ ...ending, session }).writes;
      return {
        writes: [{ op: 'delete', path, precondition: { lastUpdateTime: updateTime } }, ...end],
        event: { ...eventOf('license.remove_user', license, email), ...(session && { session: session.handle }) },
        result: undefined,
      };
    });
  }

  async function readUser(licenseId: string, user: string) {
    for (let read = 0; read < MAX_READS; read += 1) {
      // In this order: an acquire that this has not seen in the second read has changed what the first one read.
      const [document] = await store.get([paths.user(licenseId, user)]);
      const [holder] = await store.get([paths.holder(licenseId, user)]);
      if (document === undefined || holder === undefined) return { document, session: undefined };
      const [found] = await store.get([paths.session(holderFields.parse(holder.fields).session)]);
      const session: Session | undefined = found && readSession(found);
      if (session !== undefined) return { document, session };
    }
    throw new Fault('dependency_unavailable', "The user's sessions keep changing.", { retryAfter: 1 });
  }

  return { list, get, put, remove };
}

/** The first user leaves a note at the licence, where a search for a person begins. */
const noteNames = ({ id, names_people }: License): Write[] =>
  names_people ? [] : [{ op: 'update', path: paths.license(id), fields: { names_people: true } }];

const eventOf = (action: string, { id, tenant_id }: License, email: string) => ({
  action,
  tenantId: tenant_id,
  licenseId: id,
  details: { email },
});
