import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { EVENT_TYPES } from '../model/event.ts';
import { isSubscription } from '../model/webhook.ts';
import { anyTime } from './license-terms.ts';
import { page, time } from './schemas.ts';

export const event = z.object({
  id: z.string().describe('that of the audit record, if the act has one; the same in every delivery'),
  type: z.enum(EVENT_TYPES),
  timestamp: time,
  tenant_id: z.string().nullable(),
  data: z.record(z.string(), z.json()).describe('the resource as its GET shows it, and `previous` for a change'),
});

export const listEvents = defineRoute({
  id: 'listEvents',
  method: 'GET',
  path: '/api/v1/events',
  access: ['owner', 'admin', 'staff'],
  summary: 'What happened',
  description:
    'The newest first, in pages (`Link` header, `rel="next"`). Events are kept for 90 days. Sessions’ events exist only ' +
    'while an endpoint subscribes to them.',
  query: page.extend({
    tenant_id: z.string().min(1).max(128).optional(),
    license_id: z.string().min(1).max(128).optional(),
    type: z.string().refine(isSubscription, 'must be a type of event, a group like `license.*`, or `*`').optional(),
    since: anyTime.optional().describe('only events from this time on'),
  }),
  responses: { 200: { description: 'A page of events', schema: z.array(event) } },
});
