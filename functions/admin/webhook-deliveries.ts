import type { Actor } from '#shared/audit/actor.ts';
import { type AuditedChange, type CommitAudited, newAuditStamp } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import type { Clock } from '#shared/model/clock.ts';
import {
  createDelivery,
  type Delivery,
  type DeliveryStatus,
  deliveryId,
  deliveryPath,
  isDeliveryId,
  readDelivery,
  redeliver,
} from '#shared/model/delivery.ts';
import { Fault } from '#shared/model/errors.ts';
import { EVENT_RETENTION, type Event, eventPath, readEvent } from '#shared/model/event.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import {
  VENDOR_TENANT,
  type Webhook,
  type WebhookFields,
  webhookDocument,
  webhookPath,
} from '#shared/model/webhook.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import { describeWebhook } from '#shared/webhooks/describe-webhook.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { type Page, type PageRequest, readPage } from './page.ts';

import type { Scope } from './scope.ts';
import type { createWebhooks } from './webhooks.ts';

export interface WebhookDeliveriesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly webhooks: Pick<ReturnType<typeof createWebhooks>, 'get'>;
  /** Makes the delivery prompt; what it loses is sent by the dispatcher's next run. */
  readonly hasten: (eventId: string, webhookId: string, attempt: number) => Promise<void>;
}

export interface Accepted {
  readonly eventId: string;
  readonly webhookId: string;
}

/** Deliveries that somebody asks for: tests, redeliveries, and the recovery of what was missed. */
export function createWebhookDeliveries({ store, clock, commitAudited, webhooks, hasten }: WebhookDeliveriesOptions) {
  /** @throws Fault `not_found` */
  async function list(
    scope: Scope,
    webhookId: string,
    status: DeliveryStatus | undefined,
    request: PageRequest,
  ): Promise<Page<Delivery>> {
    const { id } = await webhooks.get(scope, webhookId);
    const page = await readPage(store, request, (range) => webhookQueries.deliveriesOf(id, status, range), {
      isId: isDeliveryId,
    });
    return { items: page.items.map(readDelivery), next: page.next };
  }

  /** Sends a `webhook.test`. @throws Fault `not_found`, `conflict` for an endpoint that is disabled, `dependency_unavailable` */
  async function test(scope: Scope, webhookId: string, actor: Actor, once?: Once<Accepted>): Promise<Accepted> {
    const stamp = newAuditStamp(clock.now());
    const prepare = async (): Promise<AuditedChange<Accepted>> => {
      const webhook = await webhooks.get(scope, webhookId);
      requireEnabled(webhook);
      const { tenant_id: tenantId } = webhook;
      const event = { id: stamp.id, at: stamp.at, tenant_id: tenantId, type: 'webhook.test' } as const;
      return {
        writes: [createDelivery(event, webhookId, { due: stamp.at, asked: true })],
        event: { action: 'webhook.test', tenantId, details: { webhook: webhookId } },
        outbox: { type: 'webhook.test', tenantId, data: describeWebhook(webhook), onlyTo: webhookId },
        result: { eventId: stamp.id, webhookId },
      };
    };
    return commitAudited(actor, prepare, once, stamp);
  }

  /**
   * Sends an event to one endpoint, whether it was delivered or not.
   * @throws Fault `not_found`, `conflict` for an endpoint that is disabled, `dependency_unavailable`
   */
  async function again(
    scope: Scope,
    eventId: string,
    webhookId: string,
    actor: Actor,
    once?: Once<Accepted>,
  ): Promise<Accepted> {
    let attempt = 0;
    const prepare = async (): Promise<AuditedChange<Accepted>> => {
      const webhook = await webhooks.get(scope, webhookId);
      const event = await readVisible(scope, eventId, webhook);
      requireEnabled(webhook);
      const [document] = await store.get([deliveryPath(deliveryId(event.id, webhookId))]);
      const delivery = document && readDelivery(document);
      const now = clock.now();
      attempt = delivery?.attempts_made ?? 0;
      const write: Write =
        delivery === undefined ? createDelivery(event, webhookId, { due: now, asked: true }) : redeliver(delivery, now);
      return {
        writes: [write],
        event: {
          action: 'event.redeliver',
          tenantId: event.tenant_id,
          licenseId: event.license_id ?? undefined,
          details: { event: event.id, webhook: webhookId },
        },
        result: { eventId: event.id, webhookId },
      };
    };
    const accepted = await commitAudited(actor, prepare, once);
    await hasten(accepted.eventId, accepted.webhookId, attempt);
    return accepted;
  }

  /** @throws Fault `not_found` for an event that the caller may not see, or that is not the endpoint's business */
  async function readVisible(scope: Scope, eventId: string, webhook: Webhook): Promise<Event> {
    const [document] = isPlainId(eventId) ? await store.get([eventPath(eventId)]) : [];
    const event = document && readEvent(document);
    const concerns = webhook.tenant_id === VENDOR_TENANT || webhook.tenant_id === event?.tenant_id;
    if (event === undefined || !scope.includes(event.tenant_id) || !concerns) {
      throw new Fault('not_found', 'There is no event with this id.');
    }
    return event;
  }

  /**
   * Has everything sent that the endpoint missed. The dispatcher does it, in its next runs.
   * @param since milliseconds since the epoch
   * @throws Fault `not_found`, `conflict` for an endpoint that is disabled, `dependency_unavailable`
   */
  async function recover(
    scope: Scope,
    webhookId: string,
    since: number,
    actor: Actor,
    once?: Once<{ readonly webhookId: string; readonly since: number }>,
  ) {
    return commitAudited(
      actor,
      async () => {
        const webhook = await webhooks.get(scope, webhookId);
        requireEnabled(webhook);
        const now = clock.now();
        const from = Math.max(since, now - EVENT_RETENTION);
        const fields: Partial<WebhookFields> = {
          recovery: { since: from, until: now, after: null },
          recovering: true,
        };
        return {
          writes: [
            {
              op: 'update' as const,
              path: webhookPath(webhookId),
              fields: webhookDocument(fields),
              lastUpdateTime: webhook.updateTime,
            },
          ],
          event: {
            action: 'webhook.recover',
            tenantId: webhook.tenant_id,
            details: { webhook: webhookId, since: from },
          },
          result: { webhookId, since: from },
        };
      },
      once,
    );
  }

  return { list, test, again, recover };
}

function requireEnabled({ status }: Pick<Webhook, 'status'>): void {
  if (status !== 'enabled') throw new Fault('conflict', 'The endpoint is disabled. Enable it first.');
}
