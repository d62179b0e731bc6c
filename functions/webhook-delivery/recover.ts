import { idsFrom } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { createDelivery, deliveryId, deliveryPath, readDelivery, redeliver } from '#shared/model/delivery.ts';
import { type Event, readEvent } from '#shared/model/event.ts';
import {
  readWebhook,
  subscribesTo,
  VENDOR_TENANT,
  type Webhook,
  type WebhookFields,
  webhookDocument,
  webhookPath,
} from '#shared/model/webhook.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';

export interface RecoverOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

const PAGE = 200;
const MAX_WEBHOOKS = 100;
const TRIES = 3;

/**
 * Plans the deliveries that endpoints missed: walks their tenants' events from the newest back, and remembers the place
 * after each page, so that whoever goes on after a crash repeats one page, which changes nothing twice.
 * @param inTime whether there is time to begin another page
 */
export type RecoverMissed = (inTime: () => boolean) => Promise<void>;

export function createRecoverMissed({ store, clock }: RecoverOptions): RecoverMissed {
  return async (inTime) => {
    const documents = await store.query(webhookQueries.recoveringWebhooks(MAX_WEBHOOKS));
    for (const { id } of documents) await recoverOne(id, inTime);
  };

  async function recoverOne(webhookId: string, inTime: () => boolean): Promise<void> {
    while (inTime()) {
      const [document] = await store.get([webhookPath(webhookId)]);
      const webhook = document && readWebhook(document);
      if (webhook?.recovery == null || webhook.status !== 'enabled') return;
      const after = await planPage(webhook, webhook.recovery);
      if (after === 'again') return;
      const recovery = after === undefined ? null : { ...webhook.recovery, after };
      if (!(await advance(webhook, { recovery, recovering: recovery !== null })) || recovery === null) return;
    }
  }

  /** @returns the id of the last event of the page, undefined when it was the last page */
  async function planPage(
    { id, tenant_id, events: subscriptions }: Webhook,
    { since, until, after }: NonNullable<WebhookFields['recovery']>,
  ): Promise<string | undefined | 'again'> {
    const tenant = tenant_id === VENDOR_TENANT ? undefined : tenant_id;
    const range = { limit: PAGE, after: `events/${after ?? idsFrom(until)}` };
    const documents = await store.query(webhookQueries.events({ tenant_id: tenant }, range));
    const page = documents.map(readEvent);
    const missed = page.filter(
      (event) =>
        event.at >= since && event.type !== 'webhook.test' && subscribesTo({ events: subscriptions }, event.type),
    );
    for (let tries = 0; ; tries += 1) {
      if (await planAll(missed, id)) break;
      if (tries === TRIES) return 'again';
    }
    const last = page.at(-1);
    return last === undefined || page.length < PAGE || last.at < since ? undefined : last.id;
  }

  /** @returns whether every one is planned */
  async function planAll(events: readonly Event[], webhookId: string): Promise<boolean> {
    if (events.length === 0) return true;
    const now = clock.now();
    const found = await store.get(events.map((event) => deliveryPath(deliveryId(event.id, webhookId))));
    const writes = events.flatMap((event, index): Write[] => {
      const document = found[index];
      if (document === undefined) return [createDelivery(event, webhookId, { due: now, asked: false })];
      const delivery = readDelivery(document);
      const isMissed = delivery.status !== 'delivered' && delivery.lease === null && (delivery.due ?? now + 1) > now;
      return isMissed ? [redeliver(delivery, now)] : [];
    });
    if (writes.length === 0) return true;
    try {
      const failures = await store.writeEach(writes);
      return failures.every((failure) => failure === undefined);
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** False when the endpoint has changed meanwhile: the next run goes on from what it says then. */
  async function advance({ id, updateTime: lastUpdateTime }: Webhook, fields: Partial<WebhookFields>) {
    try {
      await store.commit([{ op: 'update', path: webhookPath(id), fields: webhookDocument(fields), lastUpdateTime }]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }
}
