import { useState } from 'preact/hooks';
import { everyPage } from '../../api/licenses.ts';
import type { CreatedWebhook, Webhook } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { CreateWebhook } from './create-webhook.tsx';
import { WebhookStatus } from './webhook-status.tsx';

const text = T.webhooks;
const MAX_WEBHOOKS = 500;

/** The endpoints that are told of what happens. */
export function WebhooksScreen() {
  const list = useResource('webhooks', (signal) => everyPage<Webhook>('/api/v1/webhooks', signal, MAX_WEBHOOKS));
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<CreatedWebhook>();
  return (
    <Screen
      title={text.title}
      actions={
        <>
          <a class="button" href="/console/events">
            {T.events.title}
          </a>
          <button type="button" class="primary" onClick={() => setCreating(true)}>
            {text.create}
          </button>
        </>
      }
    >
      <Loaded resource={list}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={text.empty}>
              <p>{text.emptyText}</p>
            </Empty>
          ) : (
            <Table
              caption={text.title}
              rows={items}
              rowKey={({ webhook_id }) => webhook_id}
              columns={[
                {
                  id: 'url',
                  head: text.url,
                  sort: ({ url }) => url,
                  cell: ({ webhook_id, url, description }) => (
                    <>
                      <a href={`/console/webhooks/${encodeURIComponent(webhook_id)}`}>{url}</a>
                      {description ? <div class="quiet small">{description}</div> : null}
                    </>
                  ),
                },
                { id: 'events', head: text.events, text: true, cell: ({ events }) => events.join(', ') },
                {
                  id: 'status',
                  head: T.licenses.columns.status,
                  cell: (webhook) => <WebhookStatus webhook={webhook} />,
                },
                {
                  id: 'created',
                  head: T.license.created,
                  cell: ({ created_at }) => <Time at={created_at} style="date" />,
                },
              ]}
            />
          )
        }
      </Loaded>
      {creating ? (
        <CreateWebhook
          onClose={() => setCreating(false)}
          onMade={(webhook) => {
            setCreating(false);
            setMade(webhook);
            list.reload();
          }}
        />
      ) : null}
      {made === undefined ? null : (
        <ShownOnce
          title={text.madeTitle}
          lead={text.secretLead}
          secret={made.secret}
          what={text.secret}
          onDone={() => setMade(undefined)}
        />
      )}
    </Screen>
  );
}
