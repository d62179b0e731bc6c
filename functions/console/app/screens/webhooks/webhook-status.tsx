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

/** It does not take what is sent; one that somebody has disabled is as somebody wants it. */
export const isFailing = ({ status, disabled_reason, failing_since }: Webhook): boolean =>
  status === 'disabled' ? disabled_reason === 'failing' || disabled_reason === 'gone' : failing_since !== null;
