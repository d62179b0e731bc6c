import { everyPage } from '../../api/licenses.ts';
import type { Webhook } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { Time } from '../../ui/time.tsx';
import { isFailing, WebhookStatus } from '../webhooks/webhook-status.tsx';
import { Card } from './card.tsx';

const text = T.overview;
const MAX_WEBHOOKS = 500;

/** Endpoints that do not take what is sent to them. */
export function FailingWebhooks() {
  const list = useResource('webhooks', (signal) => everyPage<Webhook>('/api/v1/webhooks', signal, MAX_WEBHOOKS));
  return (
    <Card title={text.webhooks}>
      <Loaded resource={list}>
        {({ items }) => {
          const failing = items.filter(isFailing);
          if (items.length === 0) return <p class="quiet">{T.health.webhooks.none}</p>;
          if (failing.length === 0) return <p class="quiet">{T.health.webhooks.works(items.length)}</p>;
          return (
            <ul class="rows">
              {failing.map((webhook) => (
                <li key={webhook.webhook_id} class="row apart">
                  <a href={`/console/webhooks/${encodeURIComponent(webhook.webhook_id)}`}>{webhook.url}</a>
                  <span class="row">
                    <WebhookStatus webhook={webhook} />
                    {webhook.failing_since === null ? null : (
                      <span class="quiet small">
                        {T.health.since} <Time at={webhook.failing_since} />
                      </span>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
