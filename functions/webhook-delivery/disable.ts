import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { auditRecord, auditWrite } from '#shared/audit/record.ts';
import { eventWrite } from '#shared/events/outbox.ts';
import { newAuditId } from '#shared/model/audit.ts';
import { deliveryPath, readDelivery } from '#shared/model/delivery.ts';
import { type Webhook, type WebhookFields, webhookDocument, webhookPath } from '#shared/model/webhook.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import { describeWebhook } from '#shared/webhooks/describe-webhook.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';

export interface DisabledWebhook {
  readonly id: string;
  readonly writes: readonly Write[];
}

/** Disables an endpoint as it was read, with the audit record and the event of it. @param now milliseconds */
export function disableWrites(
  webhook: Webhook,
  reason: NonNullable<WebhookFields['disabled_reason']>,
  now: number,
): DisabledWebhook {
  const { id, updateTime: lastUpdateTime, tenant_id: tenantId, status } = webhook;
  const fields: Partial<WebhookFields> = { status: 'disabled', disabled_reason: reason };
  const eventId = newAuditId(now);
  const details = { webhook: id, reason };
  const record = auditRecord(eventId, SYSTEM_ACTOR, { action: 'webhook.disable', tenantId, details }, now);
  const data = { ...describeWebhook({ ...webhook, ...fields }), previous: { status } };
  return {
    id,
    writes: [
      { op: 'update', path: webhookPath(id), fields: webhookDocument(fields), lastUpdateTime },
      auditWrite(record),
      eventWrite(eventId, { type: 'webhook.disabled', tenantId, data }, now),
    ],
  };
}

const PAGE = 300;
const PAGES = 20;

/**
 * Ends what is pending at a disabled endpoint, so that it can be recovered as a whole. What is being sent at this moment
 * is left: it ends by itself.
 */
export function createFailPending({ store }: { readonly store: DocumentStore }) {
  return async (webhookId: string): Promise<void> => {
    for (let page = 0; page < PAGES; page += 1) {
      const documents = await store.query(webhookQueries.pendingDeliveriesOf(webhookId, PAGE));
      const idle = documents.map(readDelivery).filter(({ lease }) => lease === null);
      const writes = idle.map(
        ({ id, updateTime: lastUpdateTime }): Write => ({
          op: 'update',
          path: deliveryPath(id),
          fields: { status: 'failed', due: null },
          lastUpdateTime,
        }),
      );
      if (writes.length === 0) return;
      await store.writeEach(writes).catch((error: unknown) => {
        if (!(error instanceof CommitError)) throw error;
      });
      if (documents.length < PAGE) return;
    }
  };
}
