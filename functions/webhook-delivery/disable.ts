import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { auditRecord, auditWrite } from '#shared/audit/record.ts';
import { eventWrite } from '#shared/events/outbox.ts';
import { newAuditId } from '#shared/model/audit.ts';
import { type Webhook, type WebhookFields, webhookDocument, webhookPath } from '#shared/model/webhook.ts';
import type { Write } from '#shared/store/store.ts';
import { describeWebhook } from '#shared/webhooks/describe-webhook.ts';

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
