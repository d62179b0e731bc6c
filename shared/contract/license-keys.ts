import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { DEFAULT_PRIORITY, MAX_PRIORITY } from '../model/key-record.ts';
import { VENDOR } from '../model/principal.ts';
import { email, page, time } from './schemas.ts';

/** Ninety days: enough to distribute a new key to every machine of a customer. */
const MAX_GRACE_SECONDS = 90 * 86_400;

const licenseParams = z.object({ license_id: z.string() });
const label = z.string().max(200).nullable();
const priority = z
  .number()
  .int()
  .min(0)
  .max(MAX_PRIORITY)
  .describe('whose machines are served first when several wait for a seat: 9 before 0');

/** A key as lists have it; the key itself is shown once, when it is made. */
export const licenseKey = z.object({
  key: z.string().describe('a random id of the key, which opens nothing'),
  label,
  priority,
  user_email: z.string().nullable().describe('whose key it is: it proves the user where seats are leased per user'),
  created_at: time,
  until: time.nullable().describe('when it stops working; null: when somebody ends it'),
  last_used_day: z.iso.date().nullable().describe('the last day (UTC) on which a machine acquired with it'),
});

export const listLicenseKeys = defineRoute({
  id: 'listLicenseKeys',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/keys',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'The keys of a licence',
  description:
    'Those that work. Sorted by id, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
  params: licenseParams,
  query: page,
  responses: { 200: { description: 'A page of keys', schema: z.array(licenseKey) } },
  errors: ['license_not_found'],
});

export const createdKey = licenseKey.omit({ last_used_day: true }).extend({
  license_id: z.string(),
  license_key: z.string(),
  old_keys_until: time.nullable().describe('when older keys stop working; null with `keep`'),
});

export const createLicenseKey = defineRoute({
  id: 'createLicenseKey',
  method: 'POST',
  path: '/api/v1/licenses/{license_id}/keys',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Make another licence key',
  description:
    'With `keep` the older keys go on. Otherwise they end: after `grace_seconds`, unless they end earlier, and by ' +
    'default at once. A machine that acquires with the new key keeps its seat. Sessions that came with older keys go ' +
    'on, with `end_sessions` they end within two minutes of their key.',
  params: licenseParams,
  body: z
    .strictObject({
      label: label.default(null).describe('shown to people'),
      priority: priority.default(DEFAULT_PRIORITY),
      user_email: email
        .optional()
        .describe('makes it the key of this user, for licences that are leased per user; only with `keep`'),
      grace_seconds: z.number().int().min(0).max(MAX_GRACE_SECONDS).optional().describe('default: 0'),
      keep: z.boolean().default(false),
      end_sessions: z.boolean().default(false),
    })
    .superRefine(({ keep, user_email, grace_seconds, end_sessions }, context) => {
      if (user_email !== undefined && !keep) {
        const message = 'is required for the key of a user, which ends no other';
        context.addIssue({ code: 'custom', path: ['keep'], message });
      }
      const message = 'cannot go with `keep`, which leaves the older keys as they are';
      if (keep && grace_seconds !== undefined) context.addIssue({ code: 'custom', path: ['grace_seconds'], message });
      if (keep && end_sessions) context.addIssue({ code: 'custom', path: ['end_sessions'], message });
    }),
  responses: {
    201: {
      description: 'The new key, which no other response contains',
      schema: createdKey,
    },
  },
  errors: ['license_not_found', 'conflict', 'idempotency_conflict', 'dependency_unavailable'],
});

export const endLicenseKey = defineRoute({
  id: 'endLicenseKey',
  method: 'DELETE',
  path: '/api/v1/licenses/{license_id}/keys/{key}',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'End a licence key',
  description:
    'At once it neither acquires nor refreshes. Sessions that came with it go on with their heartbeats; with ' +
    '`end_sessions=true` they end, all of them within two minutes, and the next heartbeat gets 410 with the reason ' +
    '`key_ended`. Repeating the request is safe.',
  params: licenseParams.extend({ key: z.string().describe('the id of the key') }),
  query: z.strictObject({ end_sessions: z.stringbool({ truthy: ['true'], falsy: ['false'] }).default(false) }),
  responses: { 204: { description: 'The key has ended' } },
  errors: ['license_not_found', 'not_found', 'dependency_unavailable'],
});
