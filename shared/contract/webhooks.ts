import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { ATTEMPT_ERRORS, DELIVERY_STATUSES } from '../model/delivery.ts';
import { EVENT_TYPES } from '../model/event.ts';
import { isPlainId } from '../model/plain-id.ts';
import { DISABLED_REASONS, isSubscription, MAX_WEBHOOKS, WEBHOOK_STATUSES } from '../model/webhook.ts';
import { anyTime } from './license-terms.ts';
import { page, time } from './schemas.ts';

const MAX_SUBSCRIPTIONS = 40;
const MAX_GRACE_SECONDS = 604_800;
const DEFAULT_GRACE_SECONDS = 86_400;

const plainId = z.string().min(1).max(128).refine(isPlainId, 'must be an id');
const webhookParams = z.object({ webhook_id: z.string() });
const access = ['owner', 'admin', 'staff'] as const;

const url = z
  .string()
  .min(1)
  .max(2_048)
  .describe('https, a name and no address, no user name: every address of the name must be public');
const events = z
  .array(z.string().refine(isSubscription, 'must be a type of event, a group like `license.*`, or `*`'))
  .min(1)
  .max(MAX_SUBSCRIPTIONS);
const description = z.string().max(500).nullable();

export const webhook = z.object({
  webhook_id: z.string(),
  tenant_id: z.string().nullable().describe('null: the vendor’s own endpoint, which hears of every tenant'),
  url: z.string(),
  events: z.array(z.string()),
  description,
  status: z.enum(WEBHOOK_STATUSES),
  disabled_reason: z
    .enum(DISABLED_REASONS)
    .nullable()
    .describe('`gone`: it answered 410; `failing`: nothing was delivered for five days'),
  failing_since: time.nullable().describe('the first failure that no success has followed'),
  old_secrets_until: time.nullable().describe('until when an older secret signs as well'),
  created_at: time,
});

const secret = z.string().describe('`whsec_` and 32 bytes in base64, which no other response contains');

export const createWebhook = defineRoute({
  id: 'createWebhook',
  method: 'POST',
  path: '/api/v1/webhooks',
  access,
  summary: 'Tell an endpoint of events',
  description:
    `A tenant has at most ${MAX_WEBHOOKS} endpoints. Staff who name no tenant make an endpoint of the vendor’s own, which ` +
    'hears of every tenant. The endpoint gets a POST for each event from now on, signed as Standard Webhooks says.',
  body: z.strictObject({
    tenant_id: z.string().min(1).max(128).optional(),
    url,
    events,
    description: description.default(null),
  }),
  responses: {
    201: { description: 'The endpoint, with its secret', schema: webhook.extend({ secret }) },
  },
  errors: ['conflict', 'idempotency_conflict', 'dependency_unavailable'],
});

export const listWebhooks = defineRoute({
  id: 'listWebhooks',
  method: 'GET',
  path: '/api/v1/webhooks',
  access,
  summary: 'The endpoints',
  description: 'Sorted by id, in pages. Staff see those of all tenants and the vendor’s own.',
  query: page.extend({ tenant_id: z.string().min(1).max(128).optional() }),
  responses: { 200: { description: 'A page of endpoints', schema: z.array(webhook) } },
});

export const getWebhook = defineRoute({
  id: 'getWebhook',
  method: 'GET',
  path: '/api/v1/webhooks/{webhook_id}',
  access,
  summary: 'One endpoint',
  params: webhookParams,
  responses: { 200: { description: 'The endpoint', schema: webhook } },
});

export const changeWebhook = defineRoute({
  id: 'changeWebhook',
  method: 'PATCH',
  path: '/api/v1/webhooks/{webhook_id}',
  access,
  summary: 'Change, disable or enable an endpoint',
  description:
    'Deliveries that are pending go to the new URL. What happens while it is disabled is not delivered; `recover` sends ' +
    'it afterwards.',
  params: webhookParams,
  body: z.strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    status: z.enum(WEBHOOK_STATUSES).optional(),
  }),
  responses: { 200: { description: 'The endpoint', schema: webhook } },
  errors: ['dependency_unavailable'],
});

export const deleteWebhook = defineRoute({
  id: 'deleteWebhook',
  method: 'DELETE',
  path: '/api/v1/webhooks/{webhook_id}',
  access,
  summary: 'Delete an endpoint',
  description: 'Deliveries that are pending are dropped.',
  params: webhookParams,
  responses: { 204: { description: 'It is deleted' } },
  errors: ['dependency_unavailable'],
});

export const rotateWebhookSecret = defineRoute({
  id: 'rotateWebhookSecret',
  method: 'POST',
  path: '/api/v1/webhooks/{webhook_id}/secret',
  access,
  summary: 'Make another secret',
  description:
    'Both secrets sign for the grace, each with a signature of its own in the header. At most three sign at a time: a ' +
    'further rotation ends the oldest.',
  params: webhookParams,
  body: z.strictObject({
    grace_seconds: z.number().int().min(0).max(MAX_GRACE_SECONDS).default(DEFAULT_GRACE_SECONDS),
  }),
  bodyOptional: true,
  responses: { 200: { description: 'The endpoint, with its new secret', schema: webhook.extend({ secret }) } },
  errors: ['idempotency_conflict', 'dependency_unavailable'],
});

const accepted = z.object({ event_id: z.string(), webhook_id: z.string() });

export const testWebhook = defineRoute({
  id: 'testWebhook',
  method: 'POST',
  path: '/api/v1/webhooks/{webhook_id}/test',
  access,
  summary: 'Send a test event',
  description: 'A `webhook.test` goes to this endpoint alone, whatever it subscribes to.',
  params: webhookParams,
  responses: { 202: { description: 'It will be sent', schema: accepted } },
  errors: ['conflict', 'idempotency_conflict', 'dependency_unavailable'],
});

export const delivery = z.object({
  event_id: z.string(),
  webhook_id: z.string(),
  type: z.enum(EVENT_TYPES),
  status: z.enum(DELIVERY_STATUSES).describe('`dropped`: the endpoint subscribes to it no more'),
  next_attempt_at: time.nullable(),
  attempts: z
    .array(
      z.object({
        at: time,
        duration_ms: z.number().int(),
        status_code: z.number().int().nullable().describe('null without an answer'),
        error: z.enum(ATTEMPT_ERRORS).nullable(),
        response: z.string().describe('at most the first 1,024 bytes of the answer'),
      }),
    )
    .describe('the oldest first; the last twenty'),
});

export const listDeliveries = defineRoute({
  id: 'listDeliveries',
  method: 'GET',
  path: '/api/v1/webhooks/{webhook_id}/deliveries',
  access,
  summary: 'What was delivered to an endpoint',
  description: 'The newest event first, in pages.',
  params: webhookParams,
  query: page.extend({ status: z.enum(DELIVERY_STATUSES).optional() }),
  responses: { 200: { description: 'A page of deliveries', schema: z.array(delivery) } },
});

export const recoverWebhook = defineRoute({
  id: 'recoverWebhook',
  method: 'POST',
  path: '/api/v1/webhooks/{webhook_id}/recover',
  access,
  summary: 'Send what was missed',
  description:
    'Every event since then that the endpoint subscribes to and that was not delivered to it is sent, also what happened ' +
    'while it was disabled. Events are kept for 90 days.',
  params: webhookParams,
  body: z.strictObject({ since: anyTime }),
  responses: { 202: { description: 'They will be sent', schema: z.object({ webhook_id: z.string(), since: time }) } },
  errors: ['conflict', 'idempotency_conflict', 'dependency_unavailable'],
});

export const redeliverEvent = defineRoute({
  id: 'redeliverEvent',
  method: 'POST',
  path: '/api/v1/events/{event_id}/redeliver',
  access,
  summary: 'Send an event once more',
  description: 'To one endpoint, with the same id, whether it was delivered or not.',
  params: z.object({ event_id: z.string() }),
  body: z.strictObject({ webhook_id: z.string().min(1).max(128) }),
  responses: { 202: { description: 'It will be sent', schema: accepted } },
  errors: ['conflict', 'idempotency_conflict', 'dependency_unavailable'],
});

export const dispatchWebhooks = defineRoute({
  id: 'dispatchWebhooks',
  method: 'POST',
  path: '/internal/webhooks/dispatch',
  access: ['scheduler'],
  summary: 'Deliver what is due',
  description:
    'Plans the deliveries of new events and sends what is due. With `for_seconds` it looks again every two seconds. Safe ' +
    'to run twice, or twice at once.',
  body: z.strictObject({ for_seconds: z.number().int().min(0).max(55).default(0).describe('0: one pass') }),
  bodyOptional: true,
  responses: {
    200: {
      description: 'The counts of this run',
      schema: z.object({
        sent: z.number().int().describe('attempts that succeeded'),
        failed: z.number().int().describe('attempts that failed'),
        pending: z.number().int().describe('deliveries that wait for another attempt'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});

export const deliverWebhook = defineRoute({
  id: 'deliverWebhook',
  method: 'POST',
  path: '/internal/webhooks/deliver',
  access: ['scheduler'],
  summary: 'Attempt one delivery',
  description: 'What Cloud Tasks calls. It succeeds when the endpoint fails: the next attempt is another task.',
  body: z.strictObject({ event_id: plainId, webhook_id: plainId }),
  responses: {
    200: {
      description: 'What came of it',
      schema: z.object({
        outcome: z.enum(['delivered', 'failed', 'nothing']).describe('`nothing`: it was not due'),
      }),
    },
  },
  errors: ['dependency_unavailable'],
});
