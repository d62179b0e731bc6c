import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { TIERS } from '../model/license.ts';
import { VENDOR } from '../model/principal.ts';
import { metadata, reference } from './license-terms.ts';
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
  reference: reference.optional().describe("the vendor's own identifier; for the vendor and owners"),
  metadata: metadata.optional().describe("the vendor's own data; for the vendor and owners"),
  stripe_customer_id: z.string().nullable().optional().describe('for the vendor and owners'),
  stripe_subscription_id: z.string().nullable().optional().describe('for the vendor and owners'),
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
    reference: reference.default(null),
    metadata: metadata.default({}),
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
  acrossTenants: true,
  summary: 'The tenants that the caller may see',
  description: 'The vendor sees all tenants, in pages (`Link` header, `rel="next"`); people see those they belong to.',
  query: page.extend({
    q: z.string().min(1).max(200).optional().describe('the beginning of a name, reference or id, in any letter case'),
    reference: z.string().max(200).optional().describe('exactly this one'),
  }),
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
    reference: reference.optional(),
    metadata: metadata.optional(),
    stripe_customer_id: stripeId.optional(),
    stripe_subscription_id: stripeId.optional(),
  }),
  responses: { 200: { description: 'The tenant as it is now', schema: tenant } },
  errors: ['seat_limit_exceeded', 'dependency_unavailable'],
});

export const deleteTenant = defineRoute({
  id: 'deleteTenant',
  method: 'DELETE',
  path: '/api/v1/tenants/{tenant_id}',
  access: VENDOR,
  summary: 'Delete a tenant',
  description:
    'Only when each of its licences is archived (else 409). Its members lose their rights in it and its invitations end ' +
    'in the same step. Archived licences and audit records stay.',
  params: tenantParams,
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict', 'dependency_unavailable'],
});
