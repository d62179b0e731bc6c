import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { Fault } from '#shared/model/errors.ts';
import { personPath, readPerson } from '#shared/model/person.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { type Member, readMember, readTenant, type Tenant } from '#shared/model/tenant.ts';
import type { Document, DocumentStore, Query, Write } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { leave } from './members.ts';
import { adminPaths } from './paths.ts';
import { adminQueries, type QueryRange } from './queries.ts';
import { type Scope, tenantNotFound } from './scope.ts';

/** Members and invitations that one commit takes out. Larger tenants remove members first. */
const MAX_PEOPLE = 2_000;
const CHUNK = 300;

export interface TenantDeletionOptions {
  readonly store: DocumentStore;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

/**
 * Deletes a tenant in one commit, with its members' rights, its open invitations and its webhooks. Its archived licences and its audit
 * records stay. The commit requires the tenant as it was read: a new licence changes `seats_allotted` and a new member
 * `members`, so whatever was added after the lists were read lets the commit fail, and the deletion is judged again.
 * @throws Fault `not_found`; `conflict` for a tenant with a licence that is not archived; `dependency_unavailable`
 */
export function createDeleteTenant({ store, commitAudited, mutex }: TenantDeletionOptions) {
  return (scope: Scope, tenantId: string, actor: Actor): Promise<void> => {
    if (!isPlainId(tenantId) || !scope.includes(tenantId)) throw tenantNotFound();
    return mutex.runExclusive(tenantId, () =>
      commitAudited(actor, async () => {
        const [document] = await store.get([adminPaths.tenant(tenantId)]);
        if (document === undefined) throw tenantNotFound();
        const tenant = readTenant(document);
        await requireNoLicense(tenantId);
        const members = (await readAll((range) => adminQueries.members(tenantId, range))).map(readMember);
        const invitations = await readAll((range) => adminQueries.invitations(tenantId, range));
        const webhooks = await store.query(webhookQueries.webhooksOf(tenantId));
        return {
          writes: [
            deletion(document),
            ...webhooks.map(({ path }): Write => ({ op: 'delete', path })),
            ...(await removals(tenant, members)),
            ...invitations.map(({ path }): Write => ({ op: 'delete', path })),
          ],
          event: {
            action: 'tenant.delete',
            tenantId,
            details: { name: tenant.name, members: members.map(({ uid, role }) => ({ uid, role })) },
          },
          result: undefined,
        };
      }),
    );
  };

  async function requireNoLicense(tenantId: string): Promise<void> {
    const [found] = await store.query(adminQueries.licenses({ tenant_id: tenantId, archived: false }, { limit: 1 }));
    if (found === undefined) return;
    throw new Fault('conflict', 'The tenant has licences that are not archived. Archive them first.', {
      extra: { license_id: found.id },
    });
  }

  /** @throws Fault `conflict` for more than one commit can take */
  async function readAll(query: (range: QueryRange) => Query): Promise<readonly Document[]> {
    const found: Document[] = [];
    for (let after: string | undefined; ; after = found.at(-1)?.path) {
      const documents = await store.query(query({ limit: CHUNK, after }));
      found.push(...documents);
      if (found.length > MAX_PEOPLE) {
        throw new Fault(
          'conflict',
          `The tenant has more than ${MAX_PEOPLE} members or invitations. Remove some first.`,
        );
      }
      if (documents.length < CHUNK) return found;
    }
  }

  /** The members' list entries, and what their own documents say about this tenant. */
  async function removals({ id }: Tenant, members: readonly Member[]): Promise<Write[]> {
    const people = await store.get(members.map(({ uid }) => personPath(uid)));
    return members.flatMap(({ uid, updateTime: lastUpdateTime }, index): Write[] => {
      const document = people[index];
      const person = document && readPerson(document);
      return [
        { op: 'delete', path: adminPaths.member(id, uid), precondition: { lastUpdateTime } },
        ...(person === undefined ? [] : [leave(person, id)]),
      ];
    });
  }
}

const deletion = ({ path, updateTime: lastUpdateTime }: Document): Write => ({
  op: 'delete',
  path,
  precondition: { lastUpdateTime },
});
