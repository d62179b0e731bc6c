import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/people.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime, formatTimeOrNull } from '#shared/license-format/time.ts';
import type { NamedUser } from '#shared/model/named-user.ts';
import type { Session } from '#shared/model/session.ts';
import type { Invitation } from '#shared/model/tenant.ts';
import { describeAudit } from './audit-handlers.ts';
import { describeDenial } from './denial-handlers.ts';
import type { PersonalKey } from './licensed-people.ts';
import type { createPeople, Erasure, Membership } from './people.ts';
import type { WaitingMachine } from './waiting-people.ts';

export interface PeopleDomain {
  readonly people: ReturnType<typeof createPeople>;
  readonly runOnce: RunOnce;
}

export const peopleRoutes = ({ people, runOnce }: PeopleDomain): BoundRoute[] => [
  bind(contract.exportPerson, async (input) => {
    const { email } = input.body;
    const data = await people.exportOf(email, contract.MAX_EXPORTED, actorOf(input));
    return {
      status: 200,
      body: {
        email,
        exported_at: formatTime(people.now()),
        complete: data.complete,
        users: data.users.map(({ uid, staff, tenants }) => ({ uid, staff, tenants })),
        memberships: data.memberships.map(describeMembership),
        invitations: data.invitations.map(describeInvitation),
        sessions: data.sessions.map(describeSession),
        denials: data.denials.map((one) => ({ license_id: one.license_id, ...describeDenial(one) })),
        waiting: data.waiting.map(describeWaiting),
        named_users: data.namedUsers.map(describeNamedUser),
        keys: data.keys.map(describeKey),
        audit: data.audit.map(describeAudit),
      },
    };
  }),

  bind(contract.erasePerson, async (input) => {
    const respond = ({ erased: { auditRecords, namedUsers, ...rest }, memberOf, userOf }: Erasure) => ({
      status: 200,
      body: {
        erased: { ...rest, audit_records: auditRecords, named_users: namedUsers },
        member_of: memberOf,
        user_of: userOf,
      },
    });
    return runOnce(input, contract.erasePerson, respond, (once) =>
      people.erase(input.body.email, actorOf(input), once),
    );
  }),
];

const describeMembership = ({ tenantId, uid, role, added_at }: Membership) => ({
  tenant_id: tenantId,
  uid,
  role,
  added_at: formatTime(added_at),
});

const describeInvitation = ({ tenant_id, role, invited_by, created_at, expires_at, accepted_by }: Invitation) => ({
  tenant_id,
  role,
  invited_by,
  created_at: formatTime(created_at),
  expires_at: formatTime(expires_at),
  accepted: accepted_by !== null,
});

const describeSession = (session: Session) => ({
  session: session.handle,
  license_id: session.license_id,
  tenant_id: session.tenant_id,
  user_email: session.user_email,
  hostname: session.hostname,
  platform: session.platform,
  client_version: session.client_version,
  acquired_at: formatTime(session.acquired_at),
  last_heartbeat: formatTime(session.last_heartbeat),
  expires_at: formatTime(session.expires_at),
});

const describeWaiting = ({ licenseId, ticket, user_email, hostname, platform, since, wait_until }: WaitingMachine) => ({
  license_id: licenseId,
  ticket,
  user_email,
  hostname,
  platform,
  since: formatTime(since),
  wait_until: formatTime(wait_until),
});

const describeNamedUser = ({ license_id, tenant_id, added_at, last_acquired_at }: NamedUser) => ({
  license_id,
  tenant_id,
  added_at: formatTime(added_at),
  last_acquired_at: formatTimeOrNull(last_acquired_at),
});

const describeKey = ({ licenseId, id, label, created_at, until, last_used_day }: PersonalKey) => ({
  license_id: licenseId,
  key: id,
  label,
  created_at: formatTime(created_at),
  until: formatTimeOrNull(until),
  last_used_day,
});
