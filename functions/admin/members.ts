import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { memberEvent } from '#shared/events/member-event.ts';
import { Fault } from '#shared/model/errors.ts';
import { isUid, type Person, personPath, readPerson } from '#shared/model/person.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import type { Role } from '#shared/model/principal.ts';
import { type Member, readMember, readTenant, type Tenant } from '#shared/model/tenant.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import { invitationIdOf } from './invitation-token.ts';
import { requireManager, unchanged } from './managers.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminPaths } from './paths.ts';
import { adminQueries } from './queries.ts';
import { type Scope, tenantNotFound } from './scope.ts';

export interface MembersOptions {
  readonly store: DocumentStore;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

interface Membership {
  readonly tenant: Tenant;
  readonly member: Member;
  readonly person: Person;
}

/**
 * The members of a tenant. What a person may do is `users/{uid}`; the member document beside it is for the tenant's
 * list. One commit changes both, and the tenant's count of owners; it also requires that the document of whoever acts
 * has not changed since it was read, so that two owners cannot remove each other at the same time.
 */
export function createMembers({ store, commitAudited, mutex }: MembersOptions) {
  async function list(scope: Scope, tenantId: string, request: PageRequest): Promise<Page<Member>> {
    if (!isPlainId(tenantId) || !scope.includes(tenantId)) throw tenantNotFound();
    const [tenant] = await store.get([adminPaths.tenant(tenantId)]);
    if (tenant === undefined) throw tenantNotFound();
    const { items, next } = await readPage(store, request, (range) => adminQueries.members(tenantId, range));
    return { items: items.map(readMember), next };
  }

  /**
   * Gives a member another role.
   * @throws Fault `not_found` for an unknown tenant or member; `conflict` when the tenant would lose its last owner;
   *   `forbidden` for an actor who is no owner any more; `dependency_unavailable`
   */
  async function put(scope: Scope, tenantId: string, uid: string, role: Role, actor: Actor): Promise<Member> {
    return change(scope, tenantId, uid, actor, ({ tenant, member, person }, guard) => {
      if (member.role === role && person.tenants[tenantId] === role) return { writes: [], result: member };
      const tenants = { ...person.tenants, [tenantId]: role };
      return {
        writes: [
          { op: 'update', path: adminPaths.member(tenantId, uid), fields: { role }, lastUpdateTime: member.updateTime },
          { op: 'update', path: personPath(uid), fields: { tenants }, lastUpdateTime: person.updateTime },
          ...countMembers(tenant, { owners: Number(role === 'owner') - Number(member.role === 'owner'), members: 0 }),
          ...guard,
        ],
        event: { action: 'member.put', tenantId, details: { uid, before: member.role, after: role } },
        outbox: memberEvent(tenantId, member, role, member.role),
        result: { ...member, role },
      };
    });
  }

  /**
   * Takes a member out of the tenant; an invitation that the person could come back with ends, too.
   * @throws Fault as `put`
   */
  async function remove(scope: Scope, tenantId: string, uid: string, actor: Actor): Promise<void> {
    await change(scope, tenantId, uid, actor, ({ tenant, member, person }, guard) => {
      const { email } = member;
      return {
        writes: [
          {
            op: 'delete',
            path: adminPaths.member(tenantId, uid),
            precondition: { lastUpdateTime: member.updateTime },
          },
          leave(person, tenantId),
          ...(email === null
            ? []
            : [{ op: 'delete' as const, path: adminPaths.invitation(invitationIdOf(tenantId, email)) }]),
          ...countMembers(tenant, { owners: -Number(member.role === 'owner'), members: -1 }),
          ...guard,
        ],
        event: { action: 'member.remove', tenantId, details: { uid, before: member.role, after: null } },
        outbox: memberEvent(tenantId, member, null, member.role),
        result: undefined,
      };
    });
  }

  function change<T>(
    scope: Scope,
    tenantId: string,
    uid: string,
    actor: Actor,
    plan: (membership: Membership, guard: readonly Write[]) => AuditedChange<T>,
  ): Promise<T> {
    if (!isPlainId(tenantId) || !scope.includes(tenantId)) throw tenantNotFound();
    if (!isUid(uid)) throw memberNotFound();
    const prepare = async (): Promise<AuditedChange<T>> => {
      const [tenant, member, person, acting] = await store.get([
        adminPaths.tenant(tenantId),
        adminPaths.member(tenantId, uid),
        personPath(uid),
        personPath(actor.identity.id),
      ]);
      const manager = requireManager(acting, tenantId);
      if (tenant === undefined) throw tenantNotFound();
      if (member === undefined || person === undefined) throw memberNotFound();
      const membership = { tenant: readTenant(tenant), member: readMember(member), person: readPerson(person) };
      return plan(membership, manager.uid === uid ? [] : [unchanged(manager)]);
    };
    return mutex.runExclusive(tenantId, () => commitAudited(actor, prepare));
  }

  return { list, put, remove };
}

/** Takes a person's rights in a tenant. Whoever belongs nowhere any more and is no staff leaves no document behind. */
export function leave(person: Person, tenantId: string): Write {
  const { [tenantId]: _left, ...tenants } = person.tenants;
  const path = personPath(person.uid);
  const lastUpdateTime = person.updateTime;
  if (person.staff || Object.keys(tenants).length > 0)
    return { op: 'update', path, fields: { tenants }, lastUpdateTime };
  return { op: 'delete', path, precondition: { lastUpdateTime } };
}

/** @throws Fault `conflict` when nobody would be left to own the tenant */
export function countMembers(tenant: Tenant, change: Pick<Tenant, 'owners' | 'members'>): Write[] {
  if (change.owners === 0 && change.members === 0) return [];
  const fields = { owners: tenant.owners + change.owners, members: tenant.members + change.members };
  if (change.owners < 0 && fields.owners < 1) throw new Fault('conflict', 'A tenant keeps at least one owner.');
  return [{ op: 'update', path: adminPaths.tenant(tenant.id), fields, lastUpdateTime: tenant.updateTime }];
}

const memberNotFound = () => new Fault('not_found', 'The tenant has no member with this id.');
