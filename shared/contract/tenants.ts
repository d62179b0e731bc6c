import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { TIERS } from '../model/license.ts';
import { ROLES, VENDOR } from '../model/principal.ts';
import { page, time } from './schemas.ts';

const name = z.string().trim().min(1).max(200);
const seatLimit = z.number().int().min(0).max(100_000_000).nullable();
const stripeId = z
  .string()
  .regex(/^[A-Za-z0-9_]{1,255}$/)
  .nullable();

export const tenant = z.object({
  tenant_id: z.string(),
  name: z.string(),
  tier: z.enum(TIERS),
  seat_limit: z
    .number()
    .int()
    .nullable()
    .describe('maximum number of seats of all its licences in total; null: no limit'),
  seats_allotted: z.number().int().describe('seats of all its licences in total'),
  created_at: time,
  stripe_customer_id: z.string().nullable().optional().describe('for staff and owners'),
  stripe_subscription_id: z.string().nullable().optional().describe('for staff and owners'),
});

const tenantParams = z.object({ tenant_id: z.string() });

export const createTenant = defineRoute({
  id: 'createTenant',
  method: 'POST',
  path: '/api/v1/tenants',
  access: VENDOR,
  summary: 'Create a tenant',
  body: z.strictObject({
    name,
    tier: z.enum(TIERS),
    seat_limit: seatLimit.default(null),
    stripe_customer_id: stripeId.default(null),
    stripe_subscription_id: stripeId.default(null),
  }),
  responses: { 201: { description: 'Created', schema: tenant } },
  errors: ['idempotency_conflict', 'dependency_unavailable'],
});

export const listTenants = defineRoute({
  id: 'listTenants',
  method: 'GET',
  path: '/api/v1/tenants',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'The tenants that the caller may see',
  description: 'Staff see all tenants, in pages (`Link` header, `rel="next"`); other callers see their own.',
  query: page,
  responses: { 200: { description: 'A page of tenants', schema: z.array(tenant) } },
});

export const getTenant = defineRoute({
  id: 'getTenant',
  method: 'GET',
  path: '/api/v1/tenants/{tenant_id}',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'One tenant',
  params: tenantParams,
  responses: { 200: { description: 'The tenant', schema: tenant } },
});

export const changeTenant = defineRoute({
  id: 'changeTenant',
  method: 'PATCH',
  path: '/api/v1/tenants/{tenant_id}',
  access: VENDOR,
  summary: 'Change a tenant',
  description: 'Absent members stay unchanged; null removes a limit or an id.',
  params: tenantParams,
  body: z.strictObject({
    name: name.optional(),
    tier: z.enum(TIERS).optional(),
    seat_limit: seatLimit.optional(),
    stripe_customer_id: stripeId.optional(),
    stripe_subscription_id: stripeId.optional(),
  }),
  responses: { 200: { description: 'The tenant as it is now', schema: tenant } },
  errors: ['seat_limit_exceeded', 'dependency_unavailable'],
});

const member = z.object({
  uid: z.string(),
  email: z.string().nullable(),
  role: z.enum(ROLES).nullable().describe('null while the member is being removed'),
  added_at: time,
  pending: z.boolean().describe('committed, but perhaps not yet in force: repeat the request'),
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
  summary: 'Give a user a role',
  description:
    "Sets the user's claims in Identity Platform. Additional rights take effect when the token is refreshed; when rights " +
    'are removed, the user must sign in again, at the latest when the current token expires (an hour).',
  params: tenantParams.extend({ uid: z.string() }),
  body: z.strictObject({ role: z.enum(ROLES) }),
  responses: { 200: { description: 'The member', schema: member } },
  errors: ['conflict', 'dependency_unavailable'],
});

export const removeMember = defineRoute({
  id: 'removeMember',
  method: 'DELETE',
  path: '/api/v1/tenants/{tenant_id}/members/{uid}',
  access: ['staff', 'owner'],
  summary: 'Remove a member',
  description: 'Removes tenant and role from the claims in Identity Platform; the user must sign in again.',
  params: tenantParams.extend({ uid: z.string() }),
  responses: { 204: { description: 'Removed' } },
  errors: ['conflict', 'dependency_unavailable'],
});
