import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { ROLES } from '../model/principal.ts';
import { page, time } from './schemas.ts';

const tenantParams = z.object({ tenant_id: z.string() });
const memberParams = tenantParams.extend({ uid: z.string() });
const role = z.enum(ROLES);

export const member = z.object({
  uid: z.string(),
  email: z.string().nullable(),
  role,
  added_at: time,
});

export const listMembers = defineRoute({
  id: 'listMembers',
  method: 'GET',
  path: '/api/v1/tenants/{tenant_id}/members',
  access: ['staff', 'owner', 'admin'],
  summary: 'The members of a tenant',
  description: 'Sorted by id, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
  params: tenantParams,
  query: page,
  responses: { 200: { description: 'A page of members', schema: z.array(member) } },
});

export const putMember = defineRoute({
  id: 'putMember',
  method: 'PUT',
  path: '/api/v1/tenants/{tenant_id}/members/{uid}',
  access: ['staff', 'owner'],
  summary: 'Change the role of a member',
  description:
    'In force for every request that begins after the response. Somebody who is not a member yet is invited instead. The ' +
    'last owner keeps the role (409).',
  params: memberParams,
  body: z.strictObject({ role }),
  responses: { 200: { description: 'The member', schema: member } },
  errors: ['conflict', 'dependency_unavailable'],
});

export const removeMember = defineRoute({
  id: 'removeMember',
  method: 'DELETE',
  path: '/api/v1/tenants/{tenant_id}/members/{uid}',
  access: ['staff', 'owner'],
  summary: 'Remove a member',
  description:
    'Every request of the person that begins after the response gets 403, whatever token it carries. The last owner ' +
    'cannot be removed (409).',
  params: memberParams,
  responses: { 204: { description: 'Removed' } },
  errors: ['conflict', 'dependency_unavailable'],
});

export const invitation = z.object({
  invitation_id: z.string(),
  email: z.string(),
  role,
  invited_by: z.string().describe('a uid'),
  created_at: time,
  expires_at: time,
});

export const createdInvitation = z.object({ invitation_id: z.string(), token: z.string(), expires_at: time });

export const invite = defineRoute({
  id: 'invite',
  method: 'POST',
  path: '/api/v1/tenants/{tenant_id}/members/invitations',
  access: ['staff', 'owner'],
  summary: 'Invite somebody to become a member',
  description:
    'Only this response contains the token: hand it to the person, who accepts it within seven days, signed in with that ' +
    'email address. A new invitation of an address replaces the earlier one. It is void when whoever invited no longer ' +
    'may.',
  params: tenantParams,
  body: z.strictObject({ email: z.email().max(320), role }),
  responses: {
    201: {
      description: 'Invited',
      schema: createdInvitation,
    },
  },
  errors: ['dependency_unavailable'],
});

export const listInvitations = defineRoute({
  id: 'listInvitations',
  method: 'GET',
  path: '/api/v1/tenants/{tenant_id}/members/invitations',
  access: ['staff', 'owner'],
  summary: 'The invitations that nobody has accepted yet',
  description: 'Sorted by id, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
  params: tenantParams,
  query: page,
  responses: { 200: { description: 'A page of invitations', schema: z.array(invitation) } },
});

export const withdrawInvitation = defineRoute({
  id: 'withdrawInvitation',
  method: 'DELETE',
  path: '/api/v1/tenants/{tenant_id}/members/invitations/{invitation_id}',
  access: ['staff', 'owner'],
  summary: 'Withdraw an invitation',
  params: tenantParams.extend({ invitation_id: z.string() }),
  responses: { 204: { description: 'Withdrawn' } },
  errors: ['dependency_unavailable'],
});

export const acceptInvitation = defineRoute({
  id: 'acceptInvitation',
  method: 'POST',
  path: '/api/v1/invitations/accept',
  access: ['user'],
  summary: 'Become a member',
  description:
    'For whoever has signed in with the verified email address that was invited; anybody else gets 403. Repeating it ' +
    'gives the same response.',
  body: z.strictObject({ token: z.string().min(1).max(200) }),
  responses: { 200: { description: 'A member now', schema: z.object({ tenant_id: z.string(), role }) } },
  errors: ['not_found', 'conflict', 'dependency_unavailable'],
});

/** Who is signed in, and where: what a program for people asks first. */
export const me = z.object({
  uid: z.string(),
  email: z.string().nullable(),
  email_verified: z.boolean(),
  staff: z.boolean().describe("one of the vendor's own people, who act for every tenant"),
  tenants: z.array(z.object({ tenant_id: z.string(), name: z.string(), role })).describe('sorted by id'),
});

export const getMe = defineRoute({
  id: 'getMe',
  method: 'GET',
  path: '/api/v1/me',
  access: ['user'],
  acrossTenants: true,
  summary: 'Who is signed in, and the role in each tenant',
  responses: { 200: { description: 'The caller', schema: me } },
  errors: ['dependency_unavailable'],
});
