import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/members.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Invitation, Member } from '#shared/model/tenant.ts';
import type { createInvitations, NewInvitation } from './invitations.ts';
import { listResponse } from './list-response.ts';
import type { createMembers } from './members.ts';
import { scopeOf } from './scope.ts';

export interface MemberDomain {
  readonly members: ReturnType<typeof createMembers>;
  readonly invitations: ReturnType<typeof createInvitations>;
  readonly runOnce: RunOnce;
}

export const memberRoutes = ({ members, invitations, runOnce }: MemberDomain): BoundRoute[] => [
  bind(contract.listMembers, async ({ params, query, principal }) => {
    const page = await members.list(scopeOf(principal), params.tenant_id, query);
    return listResponse(contract.listMembers, { params, query }, page, describeMember);
  }),

  bind(contract.putMember, async (input) => {
    const { params, body, principal } = input;
    const member = await members.put(scopeOf(principal), params.tenant_id, params.uid, body.role, actorOf(input));
    return { status: 200, body: describeMember(member) };
  }),

  bind(contract.removeMember, async (input) => {
    const { params, principal } = input;
    await members.remove(scopeOf(principal), params.tenant_id, params.uid, actorOf(input));
    return { status: 204 };
  }),

  bind(contract.invite, async (input) => {
    const { params, body, principal } = input;
    const respond = ({ id, token, expiresAt }: NewInvitation) => ({
      status: 201,
      body: { invitation_id: id, token, expires_at: formatTime(expiresAt) },
    });
    return runOnce(input, contract.invite, respond, (once) =>
      invitations.create(scopeOf(principal), params.tenant_id, body, actorOf(input), once),
    );
  }),

  bind(contract.listInvitations, async ({ params, query, principal }) => {
    const page = await invitations.list(scopeOf(principal), params.tenant_id, query);
    return listResponse(contract.listInvitations, { params, query }, page, describeInvitation);
  }),

  bind(contract.withdrawInvitation, async (input) => {
    const { params, principal } = input;
    await invitations.remove(scopeOf(principal), params.tenant_id, params.invitation_id, actorOf(input));
    return { status: 204 };
  }),

  bind(contract.acceptInvitation, async (input) => {
    const { principal, body } = input;
    if (principal.kind !== 'user') throw new Fault('forbidden', 'Only people accept invitations.');
    const { tenantId, role } = await invitations.accept(body.token, principal, actorOf(input));
    return { status: 200, body: { tenant_id: tenantId, role } };
  }),
];

const describeMember = ({ uid, email, role, added_at }: Member) => ({
  uid,
  email,
  role,
  added_at: formatTime(added_at),
});

const describeInvitation = ({ id, email, role, invited_by, created_at, expires_at }: Invitation) => ({
  invitation_id: id,
  email,
  role,
  invited_by,
  created_at: formatTime(created_at),
  expires_at: formatTime(expires_at),
});
