import { z } from 'zod';
import { defineRoute } from '../http/route.ts';
import { LICENSE_STATUSES, MAX_SEATS, TIERS } from '../model/license.ts';
import { time } from './schemas.ts';

const features = z.union([
  z.array(z.string().max(100)).max(200),
  z.record(z.string().max(100), z.union([z.string().max(500), z.boolean(), z.number().int()])),
]);

export const license = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  tier: z.enum(TIERS),
  features,
  status: z.enum(LICENSE_STATUSES),
  max_seats: z.number().int(),
  expires_at: time,
  lease_seconds: z.number().int(),
  offline_seconds: z.number().int(),
  created_at: time,
});

export const createLicense = defineRoute({
  id: 'createLicense',
  method: 'POST',
  path: '/api/v1/licenses',
  access: ['staff', 'owner', 'admin'],
  summary: 'Create a licence with its seats',
  description: 'The licence key is in this answer and nowhere else: only its hash is kept.',
  body: z.strictObject({
    tenant_id: z.string().min(1).max(128).optional().describe('staff name the tenant, others have one'),
    tier: z.enum(TIERS),
    max_seats: z.number().int().min(1).max(MAX_SEATS),
    expires_at: z.iso.datetime({ offset: true }),
    features: features.default([]),
    lease_seconds: z.number().int().min(30).max(86_400).optional(),
    offline_seconds: z
      .number()
      .int()
      .min(0)
      .max(400 * 86_400)
      .optional(),
  }),
  responses: {
    201: { description: 'Created', schema: license.extend({ license_key: z.string() }) },
  },
  errors: ['dependency_unavailable'],
});

export const getLicense = defineRoute({
  id: 'getLicense',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}',
  access: ['staff', 'owner', 'admin', 'member', 'guest'],
  summary: 'One licence',
  params: z.object({ license_id: z.string() }),
  responses: { 200: { description: 'The licence', schema: license } },
  errors: ['license_not_found'],
});

export const changeLicense = defineRoute({
  id: 'changeLicense',
  method: 'PATCH',
  path: '/api/v1/licenses/{license_id}',
  access: ['staff', 'owner', 'admin'],
  summary: 'Suspend, reinstate, resize or prolong a licence',
  description:
    'Members that are absent stay as they are. Suspending ends all sessions; fewer seats end the surplus, the longest ' +
    'unheard first. When this answers, that has happened.',
  params: z.object({ license_id: z.string() }),
  body: z.strictObject({
    status: z.enum(LICENSE_STATUSES).optional(),
    max_seats: z.number().int().min(1).max(MAX_SEATS).optional(),
    expires_at: z.iso.datetime({ offset: true }).optional(),
    features: features.optional(),
  }),
  responses: { 200: { description: 'The licence as it is now', schema: license } },
  errors: ['license_not_found', 'dependency_unavailable'],
});

export const getUsage = defineRoute({
  id: 'getUsage',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/usage',
  access: ['staff', 'owner', 'admin', 'member', 'guest'],
  summary: 'Seats in use',
  params: z.object({ license_id: z.string() }),
  responses: {
    200: {
      description: 'Now',
      schema: z.object({
        seats_used: z.number().int(),
        seats_total: z.number().int(),
        utilization: z.number().describe('seats_used / seats_total'),
      }),
    },
  },
  errors: ['license_not_found'],
});
