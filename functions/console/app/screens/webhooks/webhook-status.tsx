import type { Webhook } from '../../api/types.ts';
import { T } from '../../texts.ts';
import { Badge } from '../../ui/badge.tsx';

const text = T.webhooks;

export function WebhookStatus({ webhook: { status, disabled_reason, failing_since } }: { webhook: Webhook }) {
  if (status === 'disabled')
    return <Badge kind="bad">{disabled_reason === null ? text.disabled : text.reasons[disabled_reason]}</Badge>;
  if (failing_since !== null) return <Badge kind="warn">{text.failing}</Badge>;
  return <Badge kind="good">{text.enabled}</Badge>;
}
