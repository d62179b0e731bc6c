import type * as z from 'zod';
import type * as contract from '../contract/webhooks.ts';
import { formatTime, formatTimeOrNull } from '../license-format/time.ts';
import { type EveryMember, nothingElse } from '../model/every-member.ts';
import { VENDOR_TENANT, type WebhookFields } from '../model/webhook.ts';

/** An endpoint as answers and events have it: without its secrets. */
export function describeWebhook(
  webhook: WebhookFields & { readonly id: string },
): EveryMember<z.output<typeof contract.webhook>> {
  const { recovery: _recovery, recovering: _recovering, mark_due: _mark, ...shown } = webhook;
  const { id, tenant_id, failing_since, secrets, created_at, url, events, description, ...rest } = shown;
  const { status, disabled_reason, ...forgotten } = rest;
  nothingElse(forgotten);
  const ends = secrets.flatMap(({ until }) => (until === null ? [] : [until]));
  return {
    webhook_id: id,
    tenant_id: tenant_id === VENDOR_TENANT ? null : tenant_id,
    url,
    events,
    description,
    status,
    disabled_reason,
    failing_since: formatTimeOrNull(failing_since),
    old_secrets_until: formatTimeOrNull(ends.length === 0 ? null : Math.max(...ends)),
    created_at: formatTime(created_at),
  };
}
