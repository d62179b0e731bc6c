import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { ROLES, type Role } from '#shared/model/principal.ts';
import { type Member, type MemberFields, readMember, readTenant, type Tenant } from '#shared/model/tenant.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { Actor } from './actor.ts';
import type { AuditEvent, AuditedChange, CommitAudited } from './commit-audited.ts';
import { type MemberClaims, userNotFound } from './member-claims.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminPaths, isPlainId } from './paths.ts';
import { adminQueries } from './queries.ts';
import { type Scope, tenantNotFound } from './scope.ts';

export interface MembersOptions {
  readonly store: DocumentStore;
  readonly claims: MemberClaims;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

/**
 * The members of a tenant. Two systems must agree: the decision is a document, committed with its audit record; the
 * rights are the user's claims in Identity Platform. The decision is committed first, as `pending`; then the claims are
 * written; then `pending` is cleared. After a lost response or a crash the member is still pending, and repeating the
 * request finishes it. A removed member stays listed until the claims are gone, so nobody has rights without being
 * listed.
 */
export function createMembers({ store, claims, clock, commitAudited, mutex }: MembersOptions) {
  async function list(scope: Scope, tenantId: string, request: PageRequest): Promise<Page<Member>> {
    const { tenant } = await read(scope, tenantId);
    const { items, next } = await readPage(store, request, (range) => adminQueries.members(tenant.id, range));
    return { items: items.map(readMember), next };
  }

  /**
   * Gives a user a role in the tenant, or another one.
   * @throws Fault `not_found` for an unknown tenant, an unknown user and another tenant's user; `conflict` when
   *   the tenant would lose its last owner; `dependency_unavailable`
   */
  async function put(scope: Scope, tenantId: string, uid: string, role: Role, actor: Actor): Promise<Member> {
    await read(scope, tenantId);
    const user = await claims.findAssignable(tenantId, uid);
    if (user === undefined) throw userNotFound();
    await commitDecision(scope, tenantId, uid, actor, ({ member }) => {
      const unchanged = member?.role === role && !member.pending && user.claims['role'] === role;
      if (unchanged) return undefined;
      const before = member?.role ?? null;
      const fields: MemberFields = {
        role,
        email: user.email,
        added_at: member?.added_at ?? clock.now(),
        pending: true,
        revoke: member?.revoke === true || isLess(role, user.claims['role']) || isLess(role, before),
      };
      return { fields, action: 'member.put', details: { uid, before, after: role } };
    });
    const done = await claims.applyPending(tenantId, uid, actor);
    if (done === undefined) throw userNotFound();
    return done;
  }

  /** @throws Fault `not_found` for a user who is no member, `conflict` for the last owner, `dependency_unavailable` */
  async function remove(scope: Scope, tenantId: string, uid: string, actor: Actor): Promise<void> {
    await commitDecision(scope, tenantId, uid, actor, ({ member }) => {
      if (member === undefined) throw new Fault('not_found', 'The tenant has no member with this id.');
      if (member.role === null) return undefined;
      const { uid: _uid, updateTime: _updateTime, ...known } = member;
      const fields: MemberFields = { ...known, role: null, pending: true, revoke: true };
      return { fields, action: 'member.remove', details: { uid, before: member.role, after: null } };
    });
    await claims.applyPending(tenantId, uid, actor);
  }

  interface MembershipSnapshot {
    readonly tenant: Tenant;
    readonly member: Member | undefined;
  }

  interface Decision extends Pick<AuditEvent, 'action' | 'details'> {
    readonly fields: MemberFields;
  }

  async function read(scope: Scope, tenantId: string, uid?: string): Promise<MembershipSnapshot> {
    if (!isPlainId(tenantId) || !scope.includes(tenantId)) throw tenantNotFound();
    if (uid !== undefined && !isPlainId(uid)) throw userNotFound();
    const documents = await store.get([
      adminPaths.tenant(tenantId),
      ...(uid === undefined ? [] : [adminPaths.member(tenantId, uid)]),
    ]);
    const [tenant, member] = documents;
    if (tenant === undefined) throw tenantNotFound();
    return { tenant: readTenant(tenant), member: member && readMember(member) };
  }

  /** The same commit updates the tenant's count of owners, so that two concurrent removals cannot both pass. */
  function commitDecision(
    scope: Scope,
    tenantId: string,
    uid: string,
    actor: Actor,
    choose: (snapshot: MembershipSnapshot) => Decision | undefined,
  ): Promise<void> {
    const prepare = async (): Promise<AuditedChange<void>> => {
      const snapshot = await read(scope, tenantId, uid);
      const decision = choose(snapshot);
      if (decision === undefined) return { writes: [], result: undefined };
      const { fields, action, details = {} } = decision;
      return {
        writes: [memberWrite(tenantId, uid, fields, snapshot.member), ...countOwners(snapshot, fields.role)],
        event: { action, tenantId, details, outcome: 'accepted' },
        result: undefined,
      };
    };
    return mutex.runExclusive(tenantId, () => commitAudited(actor, prepare));
  }

  return { list, put, remove };
}

function memberWrite(tenantId: string, uid: string, fields: MemberFields, member: Member | undefined): Write {
  const path = adminPaths.member(tenantId, uid);
  if (member === undefined) return { op: 'create', path, fields };
  return { op: 'update', path, fields, lastUpdateTime: member.updateTime };
}

function countOwners(
  { tenant, member }: { readonly tenant: Tenant; readonly member: Member | undefined },
  role: Role | null,
): Write[] {
  const change = Number(role === 'owner') - Number(member?.role === 'owner');
  if (change === 0) return [];
  const owners = tenant.owners + change;
  if (owners < 1) throw new Fault('conflict', 'A tenant keeps at least one owner.');
  return [{ op: 'update', path: adminPaths.tenant(tenant.id), fields: { owners }, lastUpdateTime: tenant.updateTime }];
}

/** Whether a role has fewer rights than another one; ROLES is sorted by rights, the most first. */
const isLess = (role: Role, before: unknown): boolean =>
  ROLES.slice(0, ROLES.indexOf(role)).some((more) => more === before);
