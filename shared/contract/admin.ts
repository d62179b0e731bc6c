import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { LICENSE_STATUSES, MAX_SEATS, TIERS } from '../model/license.ts';
import { page, time } from './schemas.ts';

/** A member of a document in the store, which keeps names like `__name__` to itself and has none that is empty. */
const featureName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^(?!__[\s\S]*__$)/, 'must not begin and end with two underscores');

const features = z.union([
  z.array(z.string().max(100)).max(200),
  z.record(featureName, z.union([z.string().max(500), z.boolean(), z.number().int()])),
]);

/** Ninety days: longer than any customer needs to hand a new key to every machine. */
const MAX_GRACE_SECONDS = 90 * 86_400;

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

export const session = z.object({
  session: z.string().describe('the handle: it names the session and is no secret'),
  user_email: z.string().nullable(),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  client_version: z.string().nullable(),
  acquired_at: time,
  last_heartbeat: time,
  expires_at: time,
});

const licenseParams = z.object({ license_id: z.string() });

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
  errors: ['not_found', 'seat_limit_exceeded', 'dependency_unavailable'],
});

export const listLicenses = defineRoute({
  id: 'listLicenses',
  method: 'GET',
  path: '/api/v1/licenses',
  access: ['staff', 'owner', 'admin', 'member', 'guest'],
  summary: 'The licences of the tenant',
  description: 'In the order of ids, page by page: the answer\'s `Link` header (`rel="next"`) leads to the next one.',
  query: page.extend({
    tenant_id: z.string().min(1).max(128).optional().describe('staff see all tenants unless they name one'),
  }),
  responses: { 200: { description: 'A page of licences', schema: z.array(license) } },
});

export const getLicense = defineRoute({
  id: 'getLicense',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}',
  access: ['staff', 'owner', 'admin', 'member', 'guest'],
  summary: 'One licence',
  params: licenseParams,
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
  params: licenseParams,
  body: z.strictObject({
    status: z.enum(LICENSE_STATUSES).optional(),
    max_seats: z.number().int().min(1).max(MAX_SEATS).optional(),
    expires_at: z.iso.datetime({ offset: true }).optional(),
    features: features.optional(),
  }),
  responses: { 200: { description: 'The licence as it is now', schema: license } },
  errors: ['license_not_found', 'seat_limit_exceeded', 'dependency_unavailable'],
});

export const rotateLicenseKey = defineRoute({
  id: 'rotateLicenseKey',
  method: 'POST',
  path: '/api/v1/licenses/{license_id}/keys',
  access: ['staff', 'owner', 'admin'],
  summary: 'Make a new licence key',
  description:
    'For a key that has leaked. Older keys work until the end of the grace and never longer than they would have; 0 ' +
    'ends them at once. A machine that acquires with the new key keeps its seat.',
  params: licenseParams,
  body: z.strictObject({ grace_seconds: z.number().int().min(0).max(MAX_GRACE_SECONDS) }),
  responses: {
    201: {
      description: 'The new key, shown this once',
      schema: z.object({
        license_id: z.string(),
        license_key: z.string(),
        old_keys_until: time.describe('when older keys cease to work'),
      }),
    },
  },
  errors: ['license_not_found', 'conflict', 'dependency_unavailable'],
});

export const listSessions = defineRoute({
  id: 'listSessions',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/sessions',
  access: ['staff', 'owner', 'admin', 'member'],
  summary: 'Who holds the seats of a licence',
  description: 'In the order of handles, page by page: see the answer\'s `Link` header (`rel="next"`).',
  params: licenseParams,
  query: page,
  responses: {
    200: {
      description: 'A page of sessions',
      schema: z.array(session),
    },
  },
  errors: ['license_not_found'],
});

export const endSession = defineRoute({
  id: 'endSession',
  method: 'DELETE',
  path: '/api/v1/sessions/{session}',
  access: ['staff', 'owner', 'admin'],
  summary: 'Take a seat back',
  description: 'Its holder learns it with the next heartbeat: 410 with the reason `admin_released`.',
  params: z.object({ session: z.string().describe('the handle, or the session id') }),
  responses: { 204: { description: 'The seat is free' } },
  errors: ['session_not_found', 'session_ended', 'dependency_unavailable'],
});

export const getUsage = defineRoute({
  id: 'getUsage',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/usage',
  access: ['staff', 'owner', 'admin', 'member', 'guest'],
  summary: 'Seats in use',
  description:
    'Now, and the marks of the last 31 days (UTC). Days without a mark are left out. Refusals reach the count within ' +
    'half a minute of further requests.',
  params: licenseParams,
  responses: {
    200: {
      description: 'Now, and day by day',
      schema: z.object({
        seats_used: z.number().int(),
        seats_total: z.number().int(),
        utilization: z.number().describe('seats_used / seats_total'),
        peak: z.array(z.object({ day: z.iso.date(), seats: z.number().int() })).describe('most seats in use at once'),
        denials: z
          .array(z.object({ day: z.iso.date(), count: z.number().int() }))
          .describe('requests that found no free seat'),
      }),
    },
  },
  errors: ['license_not_found'],
});
