import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { LICENSE_STATUSES, MAX_SEATS, TIERS } from '../model/license.ts';
import { VENDOR } from '../model/principal.ts';
import { page, time } from './schemas.ts';

/** The name becomes a field of a Firestore document: fields cannot be empty, and names like `__name__` are reserved. */
const featureName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^(?!__[\s\S]*__$)/, 'must not begin and end with two underscores');

const features = z.union([
  z.array(z.string().max(100)).max(200),
  z.record(featureName, z.union([z.string().max(500), z.boolean(), z.number().int()])),
]);

/** Ninety days: enough to distribute a new key to every machine of a customer. */
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
  session: z.string().describe('the handle: it identifies the session and is not a secret'),
  machine: z.string().describe('the first eight characters of a hash of licence and hardware id'),
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
  access: VENDOR,
  summary: 'Create a licence with its seats',
  description: 'Only this response contains the licence key; the suite stores its hash.',
  body: z.strictObject({
    tenant_id: z.string().min(1).max(128),
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
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'The licences of the tenant',
  description: 'Sorted by id, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
  query: page.extend({
    tenant_id: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('for staff: only the licences of this tenant; default: of all tenants'),
  }),
  responses: { 200: { description: 'A page of licences', schema: z.array(license) } },
});

export const getLicense = defineRoute({
  id: 'getLicense',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'One licence',
  params: licenseParams,
  responses: { 200: { description: 'The licence', schema: license } },
  errors: ['license_not_found'],
});

export const changeLicense = defineRoute({
  id: 'changeLicense',
  method: 'PATCH',
  path: '/api/v1/licenses/{license_id}',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Suspend, reinstate, resize or prolong a licence',
  description:
    'Absent members stay unchanged. Suspending a licence ends all its sessions; a lower `max_seats` ends the surplus ' +
    'sessions, those without a heartbeat for the longest time first. Both are done when the response is sent.',
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
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Make a new licence key',
  description:
    'Replaces a key that has leaked. Older keys work for `grace_seconds` more, unless they end earlier; 0 ends them at ' +
    'once. A machine that acquires with the new key keeps its seat.',
  params: licenseParams,
  body: z.strictObject({ grace_seconds: z.number().int().min(0).max(MAX_GRACE_SECONDS) }),
  responses: {
    201: {
      description: 'The new key, which no other response contains',
      schema: z.object({
        license_id: z.string(),
        license_key: z.string(),
        old_keys_until: time.describe('when older keys stop working'),
      }),
    },
  },
  errors: ['license_not_found', 'conflict', 'dependency_unavailable'],
});

export const listSessions = defineRoute({
  id: 'listSessions',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/sessions',
  access: [...VENDOR, 'owner', 'admin', 'member'],
  summary: 'The sessions of a licence',
  description: 'Sorted by handle, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
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
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Take a seat back',
  description: 'The next heartbeat of its holder gets 410 with the reason `admin_released`.',
  params: z.object({ session: z.string().describe('the handle, or the session id') }),
  responses: { 204: { description: 'The seat is free' } },
  errors: ['session_not_found', 'session_ended', 'dependency_unavailable'],
});

export const getUsage = defineRoute({
  id: 'getUsage',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/usage',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'Seats in use',
  description:
    'Seats in use now, and the peaks and denials of the last 31 days (UTC). Days without data are left out. A denial is ' +
    'counted within half a minute of further requests.',
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
