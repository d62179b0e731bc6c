import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const byId = { params: { webhook_id: SAMPLE.webhook_id } };
const ids = { event_id: SAMPLE.event_id, webhook_id: SAMPLE.webhook_id };

const webhook = {
  webhook_id: SAMPLE.webhook_id,
  tenant_id: SAMPLE.tenant_id,
  url: 'https://hooks.example.com/countersign',
  events: ['license.*', 'seats.exhausted'],
  description: 'Billing',
  status: 'enabled',
  disabled_reason: null,
  failing_since: null,
  old_secrets_until: null,
  created_at: '2026-12-01T09:00:00.000Z',
};
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=';

/** Endpoints, what happened, and what was delivered. */
export const webhookExamples: Readonly<Record<string, Exchanges>> = {
  listEvents: {
    page: { summary: 'What happened to licences', query: { type: 'license.*', limit: '20' }, status: 200 },
  },
  getDigest: {
    day: { summary: 'Since yesterday', query: { limit: '100' }, status: 200 },
  },
  createWebhook: {
    create: {
      summary: 'Whatever happens to licences',
      body: { url: webhook.url, events: webhook.events, description: webhook.description },
      status: 201,
      answer: { ...webhook, secret },
    },
  },
  listWebhooks: { page: { summary: 'The first page', query: { limit: '20' }, status: 200, answer: [webhook] } },
  getWebhook: { webhook: { ...byId, summary: 'By its id', status: 200, answer: webhook } },
  changeWebhook: {
    disable: {
      ...byId,
      summary: 'Stop it for a while',
      body: { status: 'disabled' },
      status: 200,
      answer: { ...webhook, status: 'disabled', disabled_reason: 'by_request' },
    },
    enable: {
      ...byId,
      summary: 'Go on',
      body: { status: 'enabled' },
      status: 200,
      answer: webhook,
    },
  },
  rotateWebhookSecret: {
    day: {
      ...byId,
      summary: 'The older one signs for another day',
      body: { grace_seconds: 86_400 },
      status: 200,
      answer: { ...webhook, old_secrets_until: '2026-12-02T09:00:00.000Z', secret },
    },
  },
  testWebhook: { test: { ...byId, summary: 'Send something', status: 202, answer: ids } },
  listDeliveries: {
    page: { ...byId, summary: 'What waits for another attempt', query: { status: 'pending' }, status: 200, answer: [] },
  },
  recoverWebhook: {
    since: {
      ...byId,
      summary: 'What was missed since noon',
      body: { since: '2026-12-01T12:00:00Z' },
      status: 202,
      answer: { webhook_id: SAMPLE.webhook_id, since: '2026-12-01T12:00:00.000Z' },
    },
  },
  redeliverEvent: {
    again: {
      params: { event_id: SAMPLE.event_id },
      summary: 'Once more to one endpoint',
      body: { webhook_id: SAMPLE.webhook_id },
      status: 202,
      answer: ids,
    },
  },
  deleteWebhook: { end: { ...byId, summary: 'By its id', status: 204 } },
  dispatchWebhooks: {
    pass: {
      summary: 'One pass',
      body: {},
      status: 200,
      answer: { sent: 3, failed: 1, pending: 1 },
    },
  },
  deliverWebhook: {
    again: { summary: 'What was delivered already', body: ids, status: 200, answer: { outcome: 'nothing' } },
  },
};
