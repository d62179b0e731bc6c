import { Fault } from '#shared/model/errors.ts';
import { type Member, readMember } from '#shared/model/tenant.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { User, UserDirectory } from '#shared/store/users.ts';
import type { Actor } from './actor.ts';
import type { AuditedChange, CommitAudited } from './commit-audited.ts';
import { adminPaths, isPlainId } from './paths.ts';

export interface MemberClaims {
  /** A user who belongs to no tenant or to this one. Other tenants' users and staff are reported as not found. */
  findAssignable(tenantId: string, uid: string): Promise<User | undefined>;
  /**
   * Writes a member's pending decision to the user's claims; repeated if the decision changes meanwhile.
   * @returns the member, or undefined when it was removed
   * @throws Fault `not_found` when the user does not exist, `conflict` when the claims would be too large,
   *   `dependency_unavailable`; in each case the member stays `pending`
   */
  applyPending(tenantId: string, uid: string, actor: Actor): Promise<Member | undefined>;
}

export interface MemberClaimsOptions {
  readonly store: DocumentStore;
  readonly users: UserDirectory;
  readonly commitAudited: CommitAudited;
}

/** Attempts, each after another administrator has changed the member meanwhile. */
const ROUNDS = 5;

/** Keeps the claims of members in Identity Platform. */
export function createMemberClaims({ store, users, commitAudited }: MemberClaimsOptions): MemberClaims {
  async function applyPending(tenantId: string, uid: string, actor: Actor): Promise<Member | undefined> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [document] = await store.get([adminPaths.member(tenantId, uid)]);
      const member = document && readMember(document);
      if (member === undefined || !member.pending) return member;
      await writeClaims(tenantId, member);
      const cleared = await clearPending(tenantId, member, actor);
      if (cleared) return member.role === null ? undefined : { ...member, pending: false, revoke: false };
    }
    throw new Fault('dependency_unavailable', 'The member is being changed by other requests.', { retryAfter: 1 });
  }

  async function writeClaims(tenantId: string, { uid, role, revoke }: Member): Promise<void> {
    const user = await findAssignable(tenantId, uid);
    // A user who does not exist has no rights to remove.
    if (user === undefined && role === null) return;
    if (user === undefined) throw userNotFound();
    const { tenant_id: _tenant, role: _role, ...others } = user.claims;
    await users.setClaims(uid, role === null ? others : { ...others, tenant_id: tenantId, role });
    if (revoke) await users.endSessions(uid);
  }

  /** Marks the decision as done, unless there is a newer one. @returns whether it did */
  function clearPending(tenantId: string, member: Member, actor: Actor): Promise<boolean> {
    const path = adminPaths.member(tenantId, member.uid);
    const { uid, role, updateTime } = member;
    return commitAudited(actor, async (): Promise<AuditedChange<boolean>> => {
      const [now] = await store.get([path]);
      const same = JSON.stringify(now?.updateTime) === JSON.stringify(updateTime);
      if (!same) return { writes: [], result: false };
      const write: Write =
        role === null
          ? { op: 'delete', path, precondition: { lastUpdateTime: updateTime } }
          : { op: 'update', path, fields: { pending: false, revoke: false }, lastUpdateTime: updateTime };
      const action = role === null ? 'member.remove' : 'member.put';
      return { writes: [write], event: { action, tenantId, details: { uid, after: role } }, result: true };
    });
  }

  async function findAssignable(tenantId: string, uid: string): Promise<User | undefined> {
    const user = isPlainId(uid) ? await users.find(uid) : undefined;
    const { tenant_id, staff } = user?.claims ?? {};
    const free = tenant_id === undefined || tenant_id === tenantId;
    return free && staff !== true ? user : undefined;
  }

  return { findAssignable, applyPending };
}

export const userNotFound = () => new Fault('not_found', 'There is no user with this id.');
