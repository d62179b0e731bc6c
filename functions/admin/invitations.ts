import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import { memberEvent } from '#shared/events/member-event.ts';
import type { Once } from '#shared/idempotency/once.ts';
import type { Clock } from '#shared/model/clock.ts';
import { normalEmail } from '#shared/model/email.ts';
import { Fault } from '#shared/model/errors.ts';
import { type Person, type PersonFields, personPath, readPerson } from '#shared/model/person.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import type { Role, UserPrincipal } from '#shared/model/principal.ts';
import {
  INVITATION_LIFETIME,
  type Invitation,
  type InvitationFields,
  type MemberFields,
  readInvitation,
  readTenant,
  type Tenant,
} from '#shared/model/tenant.ts';
import type { Document, DocumentStore, Write } from '#shared/store/store.ts';
import {
  invitationIdOf,
  invitationNotFound,
  isSameHash,
  newInvitationToken,
  parseInvitationToken,
} from './invitation-token.ts';
import { isManager, requireManager, unchanged } from './managers.ts';
import { countMembers } from './members.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminPaths } from './paths.ts';
import { adminQueries } from './queries.ts';
import { type Scope, tenantNotFound } from './scope.ts';

export interface InvitationsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
}

export interface NewInvitation {
  readonly id: string;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Nobody is made a member without wanting it: an invitation is accepted by whoever has shown to own its address. */
export function createInvitations({ store, clock, commitAudited }: InvitationsOptions) {
  /** Replaces an earlier invitation of the same address. @throws Fault `not_found`, `forbidden`, `dependency_unavailable` */
  async function create(
    scope: Scope,
    tenantId: string,
    wanted: { readonly email: string; readonly role: Role },
    actor: Actor,
    once?: Once<NewInvitation>,
  ): Promise<NewInvitation> {
    requireInScope(scope, tenantId);
    const email = normalEmail(wanted.email);
    const id = invitationIdOf(tenantId, email);
    const { token, hash } = newInvitationToken(id);
    const now = clock.now();
    const fields: InvitationFields = {
      tenant_id: tenantId,
      email,
      role: wanted.role,
      token_hash: hash,
      invited_by: actor.identity.id,
      created_at: now,
      expires_at: now + INVITATION_LIFETIME,
      accepted_by: null,
    };
    return commitAudited(
      actor,
      async () => {
        const { tenant, manager } = await readManager(tenantId, actor);
        return {
          writes: [
            { op: 'set', path: adminPaths.invitation(id), fields, deleteAfter: fields.expires_at },
            stays(tenant),
            unchanged(manager),
          ],
          event: { action: 'member.invite', tenantId, details: { email, role: wanted.role } },
          result: { id, token, expiresAt: fields.expires_at },
        };
      },
      once,
    );
  }

  async function list(scope: Scope, tenantId: string, request: PageRequest): Promise<Page<Invitation>> {
    requireInScope(scope, tenantId);
    const { items, next } = await readPage(store, request, (range) => adminQueries.invitations(tenantId, range));
    return { items: items.map(readInvitation), next };
  }

  /** Withdraws an invitation. @throws Fault `not_found`, `forbidden`, `dependency_unavailable` */
  async function remove(scope: Scope, tenantId: string, id: string, actor: Actor): Promise<void> {
    requireInScope(scope, tenantId);
    if (!isPlainId(id)) throw invitationNotFound();
    await commitAudited(actor, async () => {
      const { manager } = await readManager(tenantId, actor);
      const [document] = await store.get([adminPaths.invitation(id)]);
      const invitation = document && readInvitation(document);
      if (invitation?.tenant_id !== tenantId || invitation.accepted_by !== null) throw invitationNotFound();
      const { email, role, updateTime } = invitation;
      return {
        writes: [
          { op: 'delete', path: adminPaths.invitation(id), precondition: { lastUpdateTime: updateTime } },
          unchanged(manager),
        ],
        event: { action: 'member.withdraw_invitation', tenantId, details: { email, role } },
        result: undefined,
      };
    });
  }

  /**
   * Makes the caller a member. Repeated by the same person it succeeds again.
   * @throws Fault `not_found` for a token that opens nothing, `forbidden` for another's invitation or an address that
   *   has not been verified, `conflict` for a member, `dependency_unavailable`
   */
  async function accept(
    text: string,
    caller: UserPrincipal,
    actor: Actor,
  ): Promise<{ readonly tenantId: string; readonly role: Role }> {
    const { id, hash } = parseInvitationToken(text);
    return commitAudited(actor, async (): Promise<AuditedChange<{ tenantId: string; role: Role }>> => {
      const invitation = await readOpen(id, hash);
      const email = requireOwner(invitation, caller);
      const { tenant_id: tenantId, role, invited_by } = invitation;
      const result = { tenantId, role };
      const inviterPath = personPath(invited_by);
      const callerPath = personPath(caller.uid);
      const [tenantDocument, personDocument, inviterDocument] = await store.get([
        adminPaths.tenant(tenantId),
        callerPath,
        inviterPath,
      ]);
      const person = personDocument && readPerson(personDocument);
      const own =
        person !== undefined && Object.hasOwn(person.tenants, tenantId) ? person.tenants[tenantId] : undefined;
      if (invitation.accepted_by === caller.uid && own !== undefined)
        return { writes: [], result: { tenantId, role: own } };
      if (own !== undefined) throw new Fault('conflict', 'The caller is a member of this tenant already.');
      const inviter = requireStillManager(inviterDocument, tenantId);
      if (tenantDocument === undefined || inviter === undefined || invitation.accepted_by !== null)
        throw invitationNotFound();
      const tenant = readTenant(tenantDocument);
      const now = clock.now();
      return {
        writes: [
          ...join(tenant, caller.uid, email, role, person, now),
          {
            op: 'update',
            path: adminPaths.invitation(id),
            fields: { accepted_by: caller.uid },
            lastUpdateTime: invitation.updateTime,
          },
          ...(inviter.uid === caller.uid ? [] : [unchanged(inviter)]),
        ],
        event: { action: 'member.accept', tenantId, details: { uid: caller.uid, role, invited_by } },
        outbox: memberEvent(tenantId, { uid: caller.uid, email, added_at: now }, role, null),
        result,
      };
    });
  }

  async function readOpen(id: string, hash: string): Promise<Invitation> {
    const [document] = await store.get([adminPaths.invitation(id)]);
    const invitation = document && readInvitation(document);
    if (invitation === undefined || !isSameHash(invitation.token_hash, hash) || invitation.expires_at <= clock.now())
      throw invitationNotFound();
    return invitation;
  }

  async function readManager(tenantId: string, actor: Actor) {
    const [tenant, acting] = await store.get([adminPaths.tenant(tenantId), personPath(actor.identity.id)]);
    const manager = requireManager(acting, tenantId);
    if (tenant === undefined) throw tenantNotFound();
    return { tenant, manager };
  }

  return { create, list, remove, accept };
}

function requireInScope(scope: Scope, tenantId: string): void {
  if (!isPlainId(tenantId) || !scope.includes(tenantId)) throw tenantNotFound();
}

/** @returns the caller's address */
function requireOwner(invitation: Invitation, { email, emailVerified }: UserPrincipal): string {
  if (email === undefined || normalEmail(email) !== invitation.email)
    throw new Fault('forbidden', 'The invitation is for another email address.');
  if (!emailVerified) throw new Fault('forbidden', 'Verify your email address first, then accept again.');
  return invitation.email;
}

/** An invitation is worth no more than whoever gave it is now: a removed owner's opens nothing. */
function requireStillManager(document: Document | undefined, tenantId: string): Person | undefined {
  const inviter = document && readPerson(document);
  return inviter !== undefined && isManager(inviter, tenantId) ? inviter : undefined;
}

function join(
  tenant: Tenant,
  uid: string,
  email: string,
  role: Role,
  person: Person | undefined,
  now: number,
): Write[] {
  const member: MemberFields = { role, email, added_at: now };
  const path = personPath(uid);
  const fresh: PersonFields = { email, staff: false, tenants: { [tenant.id]: role } };
  return [
    { op: 'create', path: adminPaths.member(tenant.id, uid), fields: member },
    person === undefined
      ? { op: 'create', path, fields: fresh }
      : {
          op: 'update',
          path,
          fields: { email, tenants: { ...person.tenants, [tenant.id]: role } },
          lastUpdateTime: person.updateTime,
        },
    ...countMembers(tenant, { owners: Number(role === 'owner'), members: 1 }),
  ];
}

/** Changes nothing, and lets the commit fail when the tenant was deleted or changed. */
const stays = ({ path, updateTime: lastUpdateTime }: Document): Write => ({
  op: 'update',
  path,
  fields: {},
  lastUpdateTime,
});
