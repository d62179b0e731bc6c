import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { ACTOR_KINDS, AUDIT_OUTCOMES } from '../model/audit.ts';
import { anyTime } from './license-terms.ts';
import { page, time } from './schemas.ts';

export const auditRecord = z.object({
  audit_id: z.string(),
  at: time,
  actor: z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), email: z.string().nullable() }),
  action: z.string(),
  tenant_id: z.string().nullable().describe('null for what concerns no tenant'),
  license_id: z.string().nullable(),
  session: z.string().nullable().describe('the handle'),
  ip: z.string(),
  request_id: z.string(),
  outcome: z.enum(AUDIT_OUTCOMES).describe('`accepted`: committed, but not yet in force; `success`: in force'),
  details: z.record(z.string(), z.json()),
});

export const listAudit = defineRoute({
  id: 'listAudit',
  method: 'GET',
  path: '/api/v1/audit',
  access: ['staff', 'owner'],
  summary: 'Who changed and signed what',
  description:
    'Every change that an administrator has made and every signature of `sign`, newest first, in pages (`Link` header, `rel="next"`). Owners see ' +
    'their own tenant, staff see all tenants. Records are kept for 430 days. Failed requests are in the logs only.',
  query: page.extend({
    tenant_id: z.string().min(1).max(128).optional(),
    license_id: z.string().min(1).max(128).optional(),
    session: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be a handle: a session id is a secret')
      .optional()
      .describe('the handle'),
    actor: z.string().min(1).max(320).optional().describe('an id or email'),
    action: z.string().min(1).max(100).optional().describe('e.g. `license.create`'),
    since: anyTime.optional().describe('only records from this time on'),
  }),
  responses: {
    200: {
      description: 'A page of records',
      schema: z.array(auditRecord),
    },
  },
});
