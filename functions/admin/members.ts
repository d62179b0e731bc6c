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
 * Who may act for a tenant. Two systems have to agree: what was decided is a document, written with its audit record;
 * what a user may do is in its claims in Identity Platform, and these are what counts. So the decision is committed
 * first, as `pending`; then the claims follow; then it is no longer pending. Whoever finds it pending, because an
 * answer was lost or an instance has died, repeats the request, which finishes it. A member who is to go stays in the
 * list until the claims are gone: nobody has rights and is not listed.
 */
export function createMembers({ store, claims, clock, commitAudited, mutex }: MembersOptions) {
  async function list(scope: Scope, tenantId: string, request: PageRequest): Promise<Page<Member>> {
    const { tenant } = await read(scope, tenantId);
    const { items, next } = await readPage(store, request, (part) => adminQueries.members(tenant.id, part));
    return { items: items.map(readMember), next };
  }

  /**
   * Gives a user a role in the tenant, or another one.
   * @throws Fault `not_found` for an unknown tenant, and for a user who is not there or another tenant's; `conflict`
   *   when the last owner would be none; `dependency_unavailable`
   */
  async function put(scope: Scope, tenantId: string, uid: string, role: Role, actor: Actor): Promise<Member> {
    await read(scope, tenantId);
    const user = await claims.candidate(tenantId, uid);
    if (user === undefined) throw userNotFound();
    await decide(scope, tenantId, uid, actor, ({ member }) => {
      const settled = member?.role === role && !member.pending && user.claims['role'] === role;
      if (settled) return undefined;
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
    const done = await claims.follow(tenantId, uid, actor);
    if (done === undefined) throw userNotFound();
    return done;
  }

  /** @throws Fault `not_found` for who is no member, `conflict` for the last owner, `dependency_unavailable` */
  async function remove(scope: Scope, tenantId: string, uid: string, actor: Actor): Promise<void> {
    await decide(scope, tenantId, uid, actor, ({ member }) => {
      if (member === undefined) throw new Fault('not_found', 'There is no such member.');
      if (member.role === null) return undefined;
      const { uid: _uid, updateTime: _updateTime, ...known } = member;
      const fields: MemberFields = { ...known, role: null, pending: true, revoke: true };
      return { fields, action: 'member.remove', details: { uid, before: member.role, after: null } };
    });
    await claims.follow(tenantId, uid, actor);
  }

  interface Standing {
    readonly tenant: Tenant;
    readonly member: Member | undefined;
  }

  interface Decision extends Pick<AuditEvent, 'action' | 'details'> {
    readonly fields: MemberFields;
  }

  async function read(scope: Scope, tenantId: string, uid?: string): Promise<Standing> {
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

  /** First the decision. The tenant counts its owners in the same commit, so that two cannot both go as the last. */
  function decide(
    scope: Scope,
    tenantId: string,
    uid: string,
    actor: Actor,
    choose: (standing: Standing) => Decision | undefined,
  ): Promise<void> {
    const prepare = async (): Promise<AuditedChange<void>> => {
      const standing = await read(scope, tenantId, uid);
      const decision = choose(standing);
      if (decision === undefined) return { writes: [], result: undefined };
      const { fields, action, details = {} } = decision;
      return {
        writes: [memberWrite(tenantId, uid, fields, standing.member), ...countOwners(standing, fields.role)],
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

/** Whether a role gives less than another one; roles are listed from the most to the least. */
const isLess = (role: Role, before: unknown): boolean =>
  ROLES.slice(0, ROLES.indexOf(role)).some((more) => more === before);
