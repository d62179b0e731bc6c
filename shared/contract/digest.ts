import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { VENDOR } from '../model/principal.ts';
import { license } from './admin.ts';
import { anyTime } from './license-terms.ts';
import { page } from './schemas.ts';

const MAX_EXPIRING_DAYS = 366;
const DEFAULT_EXPIRING_DAYS = 30;

export const digestEntry = z.object({
  license,
  days_left: z
    .number()
    .int()
    .nullable()
    .describe('begun days until its end; 0: it has ended within the period; null: no end is near'),
  exhausted: z.boolean().describe('whether each of its seats was taken at a moment of the period'),
  peak: z.number().int().describe('the most seats in use at the same time within the period'),
  denials: z
    .record(z.string(), z.number().int())
    .describe('refused requests of the period by reason: `no_seats`, or the code of the refusal'),
});

export const getDigest = defineRoute({
  id: 'getDigest',
  method: 'GET',
  path: '/api/v1/digest',
  access: [...VENDOR, 'owner', 'admin', 'member', 'guest'],
  summary: 'What somebody should be told about licences',
  description:
    'Licences that end soon or have just ended, whose seats ran out, or that refused somebody; no endpoint has to ' +
    'subscribe to anything. Made to be asked once a day. A page looks at `limit` licences, archived ones left out, and has ' +
    'those of them that there is something to say of: it may be empty and still have a next one (`Link` header, ' +
    '`rel="next"`).',
  query: page.extend({
    tenant_id: z.string().min(1).max(128).optional(),
    since: anyTime
      .optional()
      .describe(
        'the beginning of the period; counted from its hour (UTC) on. Default: 24 hours ago; at most 31 days ago',
      ),
    expiring_days: z.coerce
      .number()
      .int()
      .min(0)
      .max(MAX_EXPIRING_DAYS)
      .default(DEFAULT_EXPIRING_DAYS)
      .describe('how near the end of a licence must be'),
  }),
  responses: { 200: { description: 'A page of licences', schema: z.array(digestEntry) } },
});
