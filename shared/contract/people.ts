import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { ROLES, VENDOR } from '../model/principal.ts';
import { auditRecord } from './audit.ts';
import { denial } from './denials.ts';
import { email, time } from './schemas.ts';

const body = z.strictObject({ email: email.describe('in any letter case') });

/** Entries of one kind in an export. */
export const MAX_EXPORTED = 5_000;

export const exportPerson = defineRoute({
  id: 'exportPerson',
  method: 'POST',
  path: '/api/v1/people/export',
  access: VENDOR,
  summary: 'Everything that is kept of one person',
  description:
    'For a request of the person (GDPR, articles 15 and 20). The address travels in the body, never in a URL. The export ' +
    'is on record.',
  body,
  responses: {
    200: {
      description: 'What is kept; empty lists when it is nothing',
      schema: z.object({
        email: z.string(),
        exported_at: time,
        complete: z.boolean().describe(`false when there is more than ${MAX_EXPORTED} of one kind`),
        users: z.array(z.object({ uid: z.string(), staff: z.boolean(), tenants: z.record(z.string(), z.enum(ROLES)) })),
        memberships: z.array(z.object({ tenant_id: z.string(), uid: z.string(), role: z.enum(ROLES), added_at: time })),
        invitations: z.array(
          z.object({
            tenant_id: z.string(),
            role: z.enum(ROLES),
            invited_by: z.string(),
            created_at: time,
            expires_at: time,
            accepted: z.boolean(),
          }),
        ),
        sessions: z.array(
          z.object({
            session: z.string().describe('the handle'),
            license_id: z.string(),
            tenant_id: z.string(),
            user_email: z.string().nullable(),
            hostname: z.string().nullable(),
            platform: z.string().nullable(),
            client_version: z.string().nullable(),
            acquired_at: time,
            last_heartbeat: time,
            expires_at: time,
          }),
        ),
        denials: z.array(denial.extend({ license_id: z.string() })).describe('seats that were refused'),
        waiting: z
          .array(
            z.object({
              license_id: z.string(),
              ticket: z.string().describe('its name, which is no secret'),
              user_email: z.string().nullable(),
              hostname: z.string().nullable(),
              platform: z.string().nullable(),
              since: time,
              wait_until: time,
            }),
          )
          .describe('machines that wait for a seat'),
        named_users: z.array(
          z.object({
            license_id: z.string(),
            tenant_id: z.string(),
            added_at: time,
            last_acquired_at: time.nullable(),
          }),
        ),
        keys: z.array(
          z.object({
            license_id: z.string(),
            key: z.string().describe('its id'),
            label: z.string().nullable(),
            created_at: time,
            until: time.nullable(),
            last_used_day: z.string().nullable(),
          }),
        ),
        audit: z.array(auditRecord),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});

const count = z.number().int().min(0);

export const erasePerson = defineRoute({
  id: 'erasePerson',
  method: 'POST',
  path: '/api/v1/people/erase',
  access: VENDOR,
  summary: 'Erase what is kept of one person',
  description:
    'The address becomes `erased` in sessions, refusals and queues (with the host name), members, lists of named users and audit records, ' +
    "which otherwise stay; invitations are deleted, and keys that were the person's own end. Repeat it after a failure: it goes on where it stopped. Whoever is still a member keeps the " +
    'rights, and new acts leave new records: remove the memberships first.',
  body,
  responses: {
    200: {
      description: 'Nothing is left of the address but what `member_of` says is still in use',
      schema: z.object({
        erased: z.object({
          users: count,
          members: count,
          invitations: count,
          sessions: count,
          denials: count,
          waiting: count,
          audit_records: count,
          named_users: count,
          keys: count,
        }),
        member_of: z.array(z.string()).describe('tenants whose rights the person still has'),
        user_of: z.array(z.string()).describe('licences on whose list of users the person still is'),
      }),
    },
  },
  errors: ['idempotency_conflict', 'dependency_unavailable'],
});
