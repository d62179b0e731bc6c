import { Fault } from '#shared/model/errors.ts';
import { type Member, readMember } from '#shared/model/tenant.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { User, UserDirectory } from '#shared/store/users.ts';
import type { Actor } from './actor.ts';
import type { AuditedChange, CommitAudited } from './commit-audited.ts';
import { adminPaths, isPlainId } from './paths.ts';

export interface MemberClaims {
  /** A user who is nobody's, or this tenant's already. Another tenant's looks like one who is not there; staff too. */
  candidate(tenantId: string, uid: string): Promise<User | undefined>;
  /**
   * Brings a user's claims to what was decided of the member, until nobody has decided otherwise meanwhile.
   * @returns the member, or undefined when it has gone
   * @throws Fault `not_found` when the user is gone, `dependency_unavailable`: the member stays `pending`
   */
  follow(tenantId: string, uid: string, actor: Actor): Promise<Member | undefined>;
}

export interface MemberClaimsOptions {
  readonly store: DocumentStore;
  readonly users: UserDirectory;
  readonly commitAudited: CommitAudited;
}

/** How often somebody else may decide anew while the claims are being brought to what was decided. */
const ROUNDS = 5;

/** What members may do, as Identity Platform has it. */
export function createMemberClaims({ store, users, commitAudited }: MemberClaimsOptions): MemberClaims {
  async function follow(tenantId: string, uid: string, actor: Actor): Promise<Member | undefined> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const [document] = await store.get([adminPaths.member(tenantId, uid)]);
      const member = document && readMember(document);
      if (member === undefined || !member.pending) return member;
      await grant(tenantId, member);
      const finished = await finish(tenantId, member, actor);
      if (finished) return member.role === null ? undefined : { ...member, pending: false, revoke: false };
    }
    throw new Fault('dependency_unavailable', 'The member is being changed by others too.', { retryAfter: 1 });
  }

  async function grant(tenantId: string, { uid, role, revoke }: Member): Promise<void> {
    const user = await candidate(tenantId, uid);
    // Whoever is gone has no rights to be taken away.
    if (user === undefined && role === null) return;
    if (user === undefined) throw userNotFound();
    const { tenant_id: _tenant, role: _role, ...others } = user.claims;
    await users.setClaims(uid, role === null ? others : { ...others, tenant_id: tenantId, role });
    if (revoke) await users.endSessions(uid);
  }

  /** Last, the end of it; not if the member has been decided about anew. */
  function finish(tenantId: string, member: Member, actor: Actor): Promise<boolean> {
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

  async function candidate(tenantId: string, uid: string): Promise<User | undefined> {
    const user = isPlainId(uid) ? await users.find(uid) : undefined;
    const { tenant_id, staff } = user?.claims ?? {};
    const free = tenant_id === undefined || tenant_id === tenantId;
    return free && staff !== true ? user : undefined;
  }

  return { candidate, follow };
}

export const userNotFound = () => new Fault('not_found', 'There is no such user.');
