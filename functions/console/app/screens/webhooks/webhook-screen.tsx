import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import { remove, request } from '../../api/request.ts';
import type { CreatedWebhook, Webhook } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Loaded, Screen } from '../../ui/screen.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { NotFound } from '../not-found.tsx';
import { Deliveries } from './deliveries.tsx';
import { WebhookStatus } from './webhook-status.tsx';

const text = T.webhooks;
const DAY = 86_400_000;

/** One endpoint: what was delivered to it, and what can be done when it was not. */
export function WebhookScreen() {
  const id = useRoute().params['id'] ?? '';
  const { route } = useLocation();
  const path = `/api/v1/webhooks/${encodeURIComponent(id)}`;
  const webhook = useResource(
    `webhook ${id}`,
    async (signal) => (await request<Webhook>('GET', path, { signal })).data,
  );
  // The same for each attempt: another body would be another act.
  const [weekAgo] = useState(() => new Date(Date.now() - 7 * DAY).toISOString());
  const [deleting, setDeleting] = useState(false);
  const [made, setMade] = useState<CreatedWebhook>();
  const act = useAct(
    async (idempotencyKey, what: 'test' | 'secret' | 'recover' | 'enabled' | 'disabled' | 'delete') => {
      switch (what) {
        case 'test':
          await request('POST', `${path}/test`, { idempotencyKey });
          announce(text.tested);
          break;
        case 'secret':
          setMade((await request<CreatedWebhook>('POST', `${path}/secret`, { body: {}, idempotencyKey })).data);
          break;
        case 'recover':
          await request('POST', `${path}/recover`, { body: { since: weekAgo }, idempotencyKey });
          announce(text.recovered);
          break;
        case 'delete':
          await remove(path);
          announce(text.deleted);
          route('/console/webhooks');
          return;
        default:
          await request('PATCH', path, { body: { status: what } });
          announce(T.form.saved);
      }
      webhook.reload();
    },
  );
  if (webhook.data === undefined && webhook.failure?.status === 404) return <NotFound />;
  const enabled = webhook.data?.status !== 'disabled';
  const button = (what: Parameters<typeof act.perform>[0], words: string) => (
    <button type="button" onClick={() => void act.perform(what)}>
      {words}
    </button>
  );
  return (
    <Screen
      title={webhook.data?.url ?? id}
      above={<a href="/console/webhooks">{text.title}</a>}
      actions={
        <>
          {enabled ? button('test', text.test) : null}
          {enabled ? button('recover', text.recover) : null}
          {button('secret', text.rotate)}
          {enabled ? button('disabled', text.disable) : button('enabled', text.enable)}
          <button type="button" class="danger" onClick={() => setDeleting(true)}>
            {text.remove}
          </button>
        </>
      }
    >
      {deleting ? null : <FailureNotice failure={act.failure} act />}
      <Loaded resource={webhook}>
        {(data) => (
          <section class="panel holders-head" aria-label={text.title}>
            <dl class="facts">
              <dt>{T.licenses.columns.status}</dt>
              <dd>
                <WebhookStatus webhook={data} />
              </dd>
              <dt>{text.events}</dt>
              <dd>{data.events.join(', ')}</dd>
              <dt>{text.description}</dt>
              <dd>{data.description || T.none}</dd>
            </dl>
          </section>
        )}
      </Loaded>
      <Deliveries webhookId={id} path={path} />
      {deleting ? (
        <Confirm
          title={text.removeTitle}
          action={text.remove}
          pending={act.pending}
          failure={act.failure}
          onConfirm={() => void act.perform('delete')}
          onClose={() => setDeleting(false)}
        >
          <p>{text.removeText}</p>
        </Confirm>
      ) : null}
      {made === undefined ? null : (
        <ShownOnce
          title={text.rotatedTitle}
          lead={text.rotatedLead}
          secret={made.secret}
          what={text.secret}
          onDone={() => setMade(undefined)}
        />
      )}
    </Screen>
  );
}
