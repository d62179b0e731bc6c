import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { ACTOR_KINDS, AUDIT_OUTCOMES } from '../model/audit.ts';
import { page, time } from './schemas.ts';

export const listAudit = defineRoute({
  id: 'listAudit',
  method: 'GET',
  path: '/api/v1/audit',
  access: ['staff', 'owner'],
  summary: 'What has been done',
  description:
    'Every change that an administrator has made, the newest first, page by page (`Link` header, `rel="next"`). ' +
    'Owners see their tenant, staff all of them. Kept for 430 days. Refusals are in the logs, not here.',
  query: page.extend({
    tenant_id: z.string().min(1).max(128).optional(),
    license_id: z.string().min(1).max(128).optional(),
    session_id: z.string().min(1).max(300).optional().describe('a handle or a session id'),
    since: z.iso.datetime({ offset: true }).optional().describe('nothing older than this'),
  }),
  responses: {
    200: {
      description: 'A page of records',
      schema: z.array(
        z.object({
          audit_id: z.string(),
          at: time,
          actor: z.object({ kind: z.enum(ACTOR_KINDS), id: z.string(), email: z.string().nullable() }),
          action: z.string(),
          tenant_id: z.string(),
          license_id: z.string().nullable(),
          session: z.string().nullable().describe('the handle'),
          ip: z.string(),
          request_id: z.string(),
          outcome: z.enum(AUDIT_OUTCOMES).describe('`accepted`: decided and on its way; `success`: in force'),
          details: z.record(z.string(), z.json()),
        }),
      ),
    },
  },
});
