import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { MAX_IMPORTED_LENGTH, MIN_IMPORTED_LENGTH } from '../imported-keys/imported-key.ts';
import { DEFAULT_LEASE_SECONDS, DEFAULT_PRODUCT, LICENSE_STATUSES, SETTABLE_STATUSES } from '../model/license.ts';
import { VENDOR } from '../model/principal.ts';
import { DEFAULT_SEAT_RULES } from '../model/seat-rules.ts';
import { RESOLUTIONS } from '../model/usage.ts';
import { anyTime, dateOrTime, features, metadata, selfService, terms } from './license-terms.ts';
import { page, problem, time, validatedAlone } from './schemas.ts';
import { DURATION_NEEDED, newSeatTerms } from './seat-terms.ts';

export const license = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  ...terms,
  status: z.enum(LICENSE_STATUSES),
  expires_at: time.nullable(),
  updates_until: time.nullable(),
  self_service: selfService,
  started_at: time.nullable().describe('when its first seat was taken, with `starts`'),
  settling: z
    .literal(true)
    .optional()
    .describe('borrowed seats are waited for: they are taken away, or given back, when their time is over'),
  created_at: time,
});

export const listedLicense = license.extend({
  seats_used: z.number().int().optional().describe('seats in use now, with `include=seats_used`'),
});

export const session = z.object({
  session: z.string().describe('the handle: it identifies the session and is not a secret'),
  machine: z.string().describe('the first eight characters of a hash of licence and hardware id'),
  key: z.string().describe('the id of the licence key that it came with'),
  user_email: z.string().nullable(),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  client_version: z.string().nullable(),
  acquired_at: time,
  last_heartbeat: time,
  expires_at: time,
  lingering: z
    .literal(true)
    .optional()
    .describe(
      'the seat was given back and is kept for its machine until `expires_at`; deleting it frees the seat at once',
    ),
  borrowed_until: time.optional().describe('the seat is borrowed until then'),
});

/** More than anybody reads before a change; `would_end_count` is exact in any case. */
export const MAX_WOULD_END = 1000;

export const dryRun = z.object({
  would_end: z.array(session).describe(`the sessions that the change would end, at most ${MAX_WOULD_END}`),
  would_end_count: z.number().int(),
  seats_used: z.number().int().describe('seats in use now'),
  seats_total: z.number().int().describe('seats after the change'),
});

/** The message about more borrowed seats than the licence has. */
export const MORE_THAN_SEATS = "must be at most the licence's `max_seats`";

/** A member of a query that is true or false. */
const flag = z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false);

const licenseParams = z.object({ license_id: z.string() });

const newLicense = z
  .strictObject({
    tenant_id: z.string().min(1).max(128),
    ...terms,
    product: terms.product.default(DEFAULT_PRODUCT),
    updates_until: terms.updates_until.default(null),
    label: terms.label.default(null),
    reference: terms.reference.default(null),
    metadata: metadata.default({}),
    features: features.default([]),
    lease_seconds: terms.lease_seconds.default(DEFAULT_LEASE_SECONDS),
    offline_seconds: terms.offline_seconds.optional().describe('default: by tier, 24, 72 or 168 hours; 0: strict'),
    release: terms.release.default('at_once'),
    borrow: terms.borrow.default(null),
    lease_per: terms.lease_per.default(DEFAULT_SEAT_RULES.lease_per),
    on_second: terms.on_second.default(DEFAULT_SEAT_RULES.on_second),
    named_users: terms.named_users.default(DEFAULT_SEAT_RULES.named_users),
    self_service: terms.self_service.default(DEFAULT_SEAT_RULES.self_service),
    ...newSeatTerms,
    license_key: z
      .string()
      .min(MIN_IMPORTED_LENGTH)
      .max(MAX_IMPORTED_LENGTH)
      .optional()
      .describe('a key of an older system, which opens this licence in place of a new one; see docs/administration.md'),
  })
  .superRefine(({ borrow, max_seats }, context) => {
    if (borrow !== null && borrow.max_seats > max_seats)
      context.addIssue({ code: 'custom', path: ['borrow', 'max_seats'], message: MORE_THAN_SEATS });
  })
  .superRefine(({ starts, duration_seconds }, context) => {
    if (starts !== null && duration_seconds === null)
      context.addIssue({ code: 'custom', path: ['duration_seconds'], message: DURATION_NEEDED });
  });

export const createdLicense = license.extend({ license_key: z.string() });

export const createLicense = defineRoute({
  id: 'createLicense',
  method: 'POST',
  path: '/api/v1/licenses',
  access: VENDOR,
  summary: 'Create a licence with its seats',
  description: 'Only this response contains the licence key; the suite stores its hash.',
  body: newLicense,
  responses: {
    201: { description: 'Created', schema: createdLicense },
  },
  errors: [
    'imported_keys_off',
    'not_found',
    'idempotency_conflict',
    'key_in_use',
    'seat_limit_exceeded',
    'dependency_unavailable',
  ],
});

/** Licences that one request creates. */
const MAX_BULK = 100;

export const createLicenses = defineRoute({
  id: 'createLicenses',
  method: 'POST',
  path: '/api/v1/licenses/bulk',
  access: VENDOR,
  summary: 'Create up to a hundred licences',
  description:
    'Each has its own result, in the same order: a licence with its key, or a problem. Send an `Idempotency-Key`: a ' +
    'request that was interrupted half way is completed by its repeat, with the same licences and keys and none twice; ' +
    'while the first one is under way, the repeat gets 409 `idempotency_in_progress`.',
  body: z.strictObject({ licenses: z.array(validatedAlone(newLicense)).min(1).max(MAX_BULK) }),
  bodyLimit: 2 * 1024 * 1024,
  responses: {
    200: {
      description: 'The results, in the order of the requests',
      schema: z.object({ results: z.array(z.union([createdLicense, problem])) }),
    },
  },
  errors: ['idempotency_conflict', 'idempotency_in_progress', 'dependency_unavailable'],
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
    q: z.string().min(1).max(200).optional().describe('the beginning of a label, reference or id'),
    status: z.enum(LICENSE_STATUSES).optional().describe('default: all but `archived`'),
    tier: terms.tier.optional(),
    reference: z.string().max(200).optional(),
    expires_before: anyTime.optional(),
    include: z.literal('seats_used').optional().describe('with the seats that are in use now'),
  }),
  responses: { 200: { description: 'A page of licences', schema: z.array(listedLicense) } },
});

export const lookupLicense = defineRoute({
  id: 'lookupLicense',
  method: 'POST',
  path: '/api/v1/licenses/lookup',
  access: VENDOR,
  summary: 'The licence of a key',
  description: 'Finds the licence that a customer quotes the key of. The key may be spelled as people type it.',
  body: z.strictObject({ license_key: z.string() }),
  responses: { 200: { description: 'The licence', schema: license } },
  errors: ['license_not_found'],
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
  summary: 'Change a licence',
  description:
    'Absent members stay unchanged. Suspending a licence ends all its sessions; a lower `max_seats` ends the surplus ' +
    'sessions, those without a heartbeat for the longest time first. Both are done when the response is sent. With ' +
    '`dry_run=true` nothing changes, and the response tells what would end.',
  params: licenseParams,
  query: z.strictObject({ dry_run: flag }),
  body: z.strictObject({ status: z.enum(SETTABLE_STATUSES), ...terms }).partial(),
  responses: {
    200: { description: 'The licence as it is now; with `dry_run` what would end', schema: z.union([license, dryRun]) },
  },
  errors: ['license_not_found', 'conflict', 'seat_limit_exceeded', 'dependency_unavailable'],
});

export const archiveLicense = defineRoute({
  id: 'archiveLicense',
  method: 'DELETE',
  path: '/api/v1/licenses/{license_id}',
  access: VENDOR,
  summary: 'Archive a licence',
  description:
    'Ends its sessions and its keys; its seats no longer count for the tenant. It stays readable with the status ' +
    '`archived`, and is in lists only with `status=archived`. Repeating the request is safe.',
  params: licenseParams,
  responses: { 204: { description: 'Archived' } },
  errors: ['license_not_found', 'dependency_unavailable'],
});

export const listSessions = defineRoute({
  id: 'listSessions',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/sessions',
  access: [...VENDOR, 'owner', 'admin', 'member', 'portal'],
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
  access: [...VENDOR, 'owner', 'admin', 'portal'],
  summary: 'Take a seat back',
  description:
    'The next heartbeat of its holder gets 410 with the reason `admin_released`. A borrowed seat is refused before its time; ' +
    'with `recall=true` it is free at once, although its copy works on, and the reason is `recalled`. The people of the ' +
    "tenant may do that `borrow.max_recalls` times in 365 days, the vendor's as often as they like.",
  params: z.object({ session: z.string().describe('the handle; a session id is a secret and belongs in no address') }),
  query: z.strictObject({ recall: flag }),
  responses: { 204: { description: 'The seat is free' } },
  errors: ['session_not_found', 'session_borrowed', 'recall_limit_reached', 'session_ended', 'dependency_unavailable'],
});

export const usageReport = z.object({
  seats_used: z.number().int(),
  seats_total: z.number().int(),
  seats_borrowed: z.number().int().describe('seats in use that are borrowed'),
  copies_outstanding: z
    .number()
    .int()
    .describe('borrowed copies that work although their sessions were ended; each keeps a seat away'),
  recalls: z
    .object({
      max: z
        .number()
        .int()
        .describe("`borrow.max_recalls`: borrowed seats that the tenant's people may take back in 365 days"),
      left: z.number().int().describe('how many of them are left'),
      next_at: time.nullable().describe('when there is one again, while none is left'),
    })
    .nullable()
    .describe('null: seats cannot be borrowed'),
  utilization: z.number().describe('seats_used / seats_total'),
  resolution: z.enum(RESOLUTIONS),
  from: time.describe('the beginning of the first day or hour'),
  to: time.describe('the end of the last one'),
  exact_from: time.describe(
    'from here on peaks and seat-hours are derived from every session; before it peaks are what was noted, and ' +
      'seat-hours are left out: reports go back 90 days and 10,000 sessions',
  ),
  peak: z
    .array(z.object({ at: time, seats: z.number().int() }))
    .describe('the most seats in use at once, in the day or hour that begins at `at`'),
  seat_hours: z
    .array(z.object({ at: time, hours: z.number() }))
    .describe('the time for which seats were held, added up; a lease that was left to expire counts to its end'),
  denials: z
    .array(z.object({ at: time, no_seats: z.number().int() }).catchall(z.number().int()))
    .describe('refused requests: `no_seats` found no free seat, any other member is the code of the refusal'),
});

export const getUsage = defineRoute({
  id: 'getUsage',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/usage',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest', 'portal'],
  summary: 'Seats in use',
  description:
    'Seats in use now, and by day or hour (UTC): the most in use at once, seat-hours, and refused requests by reason. ' +
    'Days and hours without data are left out of the lists. Refusals are counted within a second or two. With ' +
    '`Accept: text/csv` the answer is a table with a row for every day or hour.',
  params: licenseParams,
  query: z.strictObject({
    resolution: z.enum(RESOLUTIONS).default('day'),
    from: dateOrTime
      .optional()
      .describe('default: 30 days, or 23 hours, before the day or hour of the end; at most 100 days, or 744 hours'),
    to: dateOrTime.optional().describe('the end, which is not part of the period; default: now'),
  }),
  responses: {
    200: {
      description: 'Now, and by day or hour',
      schema: usageReport,
      text: { contentType: 'text/csv', description: 'one row for each day or hour' },
    },
  },
  errors: ['license_not_found'],
});
