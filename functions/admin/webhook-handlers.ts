import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/webhooks.ts';
import type { BoundRoute, HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime, formatTimeOrNull, parseTime } from '#shared/license-format/time.ts';
import type { Delivery } from '#shared/model/delivery.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import { isVendor, type Principal } from '#shared/model/principal.ts';
import { VENDOR_TENANT } from '#shared/model/webhook.ts';
import { describeWebhook } from '#shared/webhooks/describe-webhook.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';
import type { Accepted, createWebhookDeliveries } from './webhook-deliveries.ts';
import type { createWebhooks, WithSecret } from './webhooks.ts';

export interface WebhookDomain {
  readonly webhooks: ReturnType<typeof createWebhooks>;
  readonly webhookDeliveries: ReturnType<typeof createWebhookDeliveries>;
  readonly runOnce: RunOnce;
}

export const webhookRoutes = ({ webhooks, webhookDeliveries, runOnce }: WebhookDomain): BoundRoute[] => [
  bind(contract.createWebhook, async (input) => {
    const { tenant_id, ...rest } = input.body;
    const wanted = { ...rest, tenantId: tenantOf(input.principal, tenant_id) };
    return runOnce(input, contract.createWebhook, withSecret(201), (once) =>
      webhooks.create(wanted, actorOf(input), once),
    );
  }),

  bind(contract.listWebhooks, async ({ query, principal }) => {
    const page = await webhooks.list(scopeOf(principal), query.tenant_id, query);
    return listResponse(contract.listWebhooks, { query }, page, describeWebhook);
  }),

  bind(contract.getWebhook, async ({ params, principal }) => ({
    status: 200,
    body: describeWebhook(await webhooks.get(scopeOf(principal), params.webhook_id)),
  })),

  bind(contract.changeWebhook, async (input) => {
    const { params, body, principal } = input;
    const webhook = await webhooks.change(scopeOf(principal), params.webhook_id, body, actorOf(input));
    return { status: 200, body: describeWebhook(webhook) };
  }),

  bind(contract.deleteWebhook, async (input) => {
    await webhooks.remove(scopeOf(input.principal), input.params.webhook_id, actorOf(input));
    return { status: 204 };
  }),

  bind(contract.rotateWebhookSecret, async (input) => {
    const { params, body, principal } = input;
    return runOnce(input, contract.rotateWebhookSecret, withSecret(200), (once) =>
      webhooks.rotateSecret(scopeOf(principal), params.webhook_id, body.grace_seconds, actorOf(input), once),
    );
  }),

  bind(contract.testWebhook, async (input) =>
    runOnce(input, contract.testWebhook, accepted, (once) =>
      webhookDeliveries.test(scopeOf(input.principal), input.params.webhook_id, actorOf(input), once),
    ),
  ),

  bind(contract.listDeliveries, async ({ params, query, principal }) => {
    const page = await webhookDeliveries.list(scopeOf(principal), params.webhook_id, query.status, query);
    return listResponse(contract.listDeliveries, { params, query }, page, describeDelivery);
  }),

  bind(contract.recoverWebhook, async (input) => {
    const { params, body, principal } = input;
    const since = parseTime(body.since) ?? 0;
    const respond = ({ webhookId, since }: { readonly webhookId: string; readonly since: number }) => ({
      status: 202,
      body: { webhook_id: webhookId, since: formatTime(since) },
    });
    return runOnce(input, contract.recoverWebhook, respond, (once) =>
      webhookDeliveries.recover(scopeOf(principal), params.webhook_id, since, actorOf(input), once),
    );
  }),

  bind(contract.redeliverEvent, async (input) => {
    const { params, body, principal } = input;
    return runOnce(input, contract.redeliverEvent, accepted, (once) =>
      webhookDeliveries.again(scopeOf(principal), params.event_id, body.webhook_id, actorOf(input), once),
    );
  }),
];

/** Whose endpoint it becomes: the tenant that is named, the caller's own, or the vendor. */
function tenantOf(principal: Principal, named: string | undefined): string {
  if (!isVendor(principal)) return scopeOf(principal).tenantFor(named);
  const own = principal.kind === 'user' ? principal.tenantId : undefined;
  return named ?? own ?? VENDOR_TENANT;
}

const withSecret =
  (status: number) =>
  ({ webhook, secret }: WithSecret): HttpResponse => ({ status, body: { ...describeWebhook(webhook), secret } });

const accepted = ({ eventId, webhookId }: Accepted): HttpResponse => ({
  status: 202,
  body: { event_id: eventId, webhook_id: webhookId },
});

const describeDelivery = ({
  event_id,
  webhook_id,
  type,
  status,
  due,
  attempts,
}: Delivery): EveryMember<z.output<typeof contract.delivery>> => ({
  event_id,
  webhook_id,
  type,
  status,
  next_attempt_at: formatTimeOrNull(due),
  attempts: attempts.map((attempt) => ({ ...attempt, at: formatTime(attempt.at) })),
});
