import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const tenant = {
  tenant_id: SAMPLE.tenant_id,
  name: 'Example Ltd',
  tier: 'enterprise',
  seat_limit: null,
  seats_allotted: 35,
  created_at: '2026-11-02T08:15:00.000Z',
  reference: 'customer 1138',
  metadata: { salesperson: 'kim' },
  stripe_customer_id: null,
  stripe_subscription_id: null,
};

const member = {
  uid: SAMPLE.uid,
  email: 'jo@example.org',
  role: 'member',
  added_at: '2026-11-02T08:20:00.000Z',
};

const invitation = {
  invitation_id: SAMPLE.invitation_id,
  expires_at: '2026-12-08T09:00:00.000Z',
};

const ofTenant = { params: { tenant_id: SAMPLE.tenant_id } };
const ofMember = { params: { tenant_id: SAMPLE.tenant_id, uid: SAMPLE.uid } };

export const tenantExamples: Readonly<Record<string, Exchanges>> = {
  createTenant: {
    limited: {
      summary: 'With a hundred seats to allot',
      body: {
        name: tenant.name,
        tier: 'enterprise',
        seat_limit: 100,
        reference: tenant.reference,
        metadata: tenant.metadata,
        stripe_customer_id: 'cus_Q2x7Yp',
      },
      status: 201,
      answer: { ...tenant, seat_limit: 100, seats_allotted: 0, stripe_customer_id: 'cus_Q2x7Yp' },
    },
  },
  listTenants: { page: { summary: 'The first page', query: { limit: '20' }, status: 200, answer: [tenant] } },
  getTenant: { tenant: { ...ofTenant, summary: 'By its id', status: 200, answer: tenant } },
  deleteTenant: {
    delete: {
      params: { tenant_id: SAMPLE.former_tenant_id },
      summary: 'It has no licence that is not archived',
      status: 204,
    },
  },
  changeTenant: {
    change: {
      ...ofTenant,
      summary: 'Another name, and no limit',
      body: { name: 'Example GmbH', seat_limit: null },
      status: 200,
      answer: { ...tenant, name: 'Example GmbH' },
    },
  },
  listMembers: {
    page: { ...ofTenant, summary: 'The first page', query: { limit: '20' }, status: 200, answer: [member] },
  },
  putMember: {
    promote: {
      ...ofMember,
      summary: 'Make somebody an administrator',
      body: { role: 'admin' },
      status: 200,
      answer: { ...member, role: 'admin' },
    },
  },
  invite: {
    admin: {
      ...ofTenant,
      summary: 'Invite an administrator',
      body: { email: 'sam@example.org', role: 'admin' },
      status: 201,
      answer: { ...invitation, token: SAMPLE.invitation_token },
    },
  },
  listInvitations: {
    page: {
      ...ofTenant,
      summary: 'The first page',
      query: { limit: '20' },
      status: 200,
      answer: [
        {
          ...invitation,
          email: 'sam@example.org',
          role: 'admin',
          invited_by: 'Xk2pQ9',
          created_at: '2026-12-01T09:00:00.000Z',
        },
      ],
    },
  },
  withdrawInvitation: {
    withdraw: {
      params: { tenant_id: SAMPLE.tenant_id, invitation_id: SAMPLE.invitation_id },
      summary: 'It opens nothing any more',
      status: 204,
    },
  },
  acceptInvitation: {
    accept: {
      summary: 'Become a member',
      body: { token: SAMPLE.invitation_token },
      status: 200,
      answer: { tenant_id: SAMPLE.tenant_id, role: 'admin' },
    },
  },
  getMe: {
    owner: {
      summary: 'An owner',
      status: 200,
      answer: {
        uid: SAMPLE.uid,
        email: 'jo@example.org',
        email_verified: true,
        staff: false,
        tenants: [{ tenant_id: SAMPLE.tenant_id, name: tenant.name, role: 'owner' }],
      },
    },
  },
  exportPerson: {
    person: {
      summary: 'A user of a licence',
      body: { email: 'nobody@example.org' },
      status: 200,
      answer: {
        ...{ email: 'nobody@example.org', exported_at: '2026-12-01T09:00:00.000Z', complete: true },
        ...{
          users: [],
          memberships: [],
          invitations: [],
          sessions: [],
          denials: [],
          waiting: [],
          named_users: [],
          keys: [],
          audit: [],
        },
      },
    },
  },
  erasePerson: {
    person: {
      summary: 'A former user of a licence',
      body: { email: 'former@example.org' },
      status: 200,
      answer: {
        erased: {
          ...{ users: 0, members: 0, invitations: 0, sessions: 2, denials: 0, waiting: 0, audit_records: 1 },
          ...{ named_users: 1, keys: 0 },
        },
        member_of: [],
        user_of: [SAMPLE.license_id],
      },
    },
  },
  removeMember: { remove: { ...ofMember, summary: 'Take all rights away', status: 204 } },
  listAudit: {
    license: {
      summary: 'What was done to a licence',
      query: { license_id: SAMPLE.license_id, limit: '20' },
      status: 200,
      answer: [
        {
          audit_id: '8235823990000-5b0e9c7d2a4f81c3e6d70f19',
          at: '2026-12-01T09:00:00.000Z',
          actor: { kind: 'user', id: 'Xk2pQ9', email: 'owner@example.org' },
          action: 'license.change',
          tenant_id: SAMPLE.tenant_id,
          license_id: SAMPLE.license_id,
          session: null,
          ip: '203.0.113.7',
          request_id: '0b9e7c1c-52a3-4b0e-9a37-2f5d8e6c4a10',
          outcome: 'success',
          details: {
            before: { label: null, reference: null, metadata: {} },
            after: { label: 'Build farm', reference: 'order 4711', metadata: { salesperson: 'kim' } },
          },
        },
      ],
    },
  },
};
