import { request } from '../../api/request.ts';
import type { Delivery } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Badge } from '../../ui/badge.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Empty, Loaded } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

const text = T.webhooks;
const PERIOD = 10_000;

/** The newest deliveries to an endpoint, each with its attempts. */
export function Deliveries({ webhookId, path }: { webhookId: string; path: string }) {
  const list = useResource(
    `deliveries of ${webhookId}`,
    async (signal) => (await request<Delivery[]>('GET', `${path}/deliveries`, { query: { limit: 50 }, signal })).data,
    PERIOD,
  );
  const again = useAct(async (idempotencyKey, event: string) => {
    const body = { webhook_id: webhookId };
    await request('POST', `/api/v1/events/${encodeURIComponent(event)}/redeliver`, { body, idempotencyKey });
    announce(text.resent);
    list.reload();
  });
  return (
    <section class="stack" aria-labelledby="deliveries">
      <h2 id="deliveries">{text.deliveries}</h2>
      <FailureNotice failure={again.failure} act />
      <Loaded resource={list}>
        {(deliveries) =>
          deliveries.length === 0 ? (
            <Empty title={text.noDeliveries} />
          ) : (
            <Table
              caption={text.deliveries}
              rows={deliveries}
              rowKey={({ event_id }) => event_id}
              columns={[
                {
                  id: 'type',
                  head: text.event,
                  cell: ({ type, event_id }) => (
                    <>
                      {type}
                      <div class="quiet small mono">{event_id}</div>
                    </>
                  ),
                },
                { id: 'status', head: T.licenses.columns.status, cell: (one) => <Outcome delivery={one} /> },
                { id: 'attempts', head: text.attempts, text: true, cell: (one) => <Attempts delivery={one} /> },
                {
                  id: 'act',
                  head: T.holders.columns.act,
                  headHidden: true,
                  cell: ({ event_id, type }) => (
                    <div class="actions">
                      <button
                        type="button"
                        class="small"
                        aria-label={`${text.resend}: ${type} ${event_id}`}
                        onClick={() => void again.perform(event_id)}
                      >
                        {text.resend}
                      </button>
                    </div>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
    </section>
  );
}

const KINDS: Readonly<Record<string, 'good' | 'warn' | 'bad' | 'plain'>> = {
  delivered: 'good',
  pending: 'warn',
  failed: 'bad',
};

const Outcome = ({ delivery: { status, next_attempt_at } }: { delivery: Delivery }) => (
  <>
    <Badge kind={KINDS[status] ?? 'plain'}>{status}</Badge>
    {next_attempt_at === null ? null : (
      <div class="quiet small">
        {text.nextAttempt} <Time at={next_attempt_at} />
      </div>
    )}
  </>
);

const Attempts = ({ delivery: { attempts } }: { delivery: Delivery }) => (
  <ul class="differences">
    {attempts.map(({ at, status_code, error, response, duration_ms }) => (
      <li key={at}>
        <Time at={at} /> · {status_code ?? error ?? T.none} · {duration_ms} ms
        {response === '' ? null : (
          <details class="small">
            <summary>{text.answer}</summary>
            <code>{response}</code>
          </details>
        )}
      </li>
    ))}
  </ul>
);
