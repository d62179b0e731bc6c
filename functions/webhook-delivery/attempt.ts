import { randomUUID } from 'node:crypto';
import type { Clock } from '#shared/model/clock.ts';
import { type Delivery, deliveryDocument, deliveryPath, readDelivery } from '#shared/model/delivery.ts';
import { type Event, eventPath, readEvent } from '#shared/model/event.ts';
import type { Logger } from '#shared/model/logger.ts';
import { readWebhook, subscribesTo, type Webhook, webhookPath } from '#shared/model/webhook.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';
import type { SendResult, SendWebhook } from '#shared/webhooks/send-webhook.ts';
import { messageOf } from './message.ts';
import type { RecordAttempt } from './record-attempt.ts';

/** `nothing`: it was not due, or somebody else is sending it. */
export type Outcome = 'delivered' | 'failed' | 'nothing';

export interface AttemptOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly send: SendWebhook;
  /** The secrets that sign for an endpoint, the newest first. */
  readonly openSecrets: (webhook: Webhook, now: number) => Promise<readonly Uint8Array[]>;
  readonly recordAttempt: RecordAttempt;
  readonly log: Logger;
}

/**
 * Milliseconds for which a delivery belongs to whoever sends it: longer than sending takes. If the sender dies, the
 * delivery is due again afterwards, and is sent a second time if the endpoint had got it.
 */
const LEASE = 20_000;

/** What was read for one attempt. */
interface Ready {
  readonly delivery: Delivery;
  readonly event: Event;
  readonly webhook: Webhook;
}

/** Attempts one delivery. @throws Fault `dependency_unavailable` before anything was sent, from the returned function */
export type Attempt = (id: string) => Promise<Outcome>;

export function createAttempt({ store, clock, send, openSecrets, recordAttempt, log }: AttemptOptions): Attempt {
  return async (id) => {
    const ready = await readDue(id);
    if (ready === undefined) return 'nothing';
    const { delivery, event, webhook } = ready;
    const secrets = await openSecrets(webhook, clock.now());
    const lease = await take(delivery);
    if (lease === undefined) return 'nothing';
    const at = clock.now();
    const startedAt = performance.now();
    const result = await sendSigned(webhook, event, secrets, at);
    const duration = Math.round(performance.now() - startedAt);
    return recordAttempt({ id, lease, at, duration, result });
  };

  async function readDue(id: string): Promise<Ready | undefined> {
    const [eventId = '', webhookId = ''] = id.split('.');
    const documents = await store.get([deliveryPath(id), eventPath(eventId), webhookPath(webhookId)]);
    const [deliveryDocument, eventDocument, webhookDocument] = documents;
    const delivery = deliveryDocument && readDelivery(deliveryDocument);
    if (delivery === undefined || delivery.due === null || delivery.due > clock.now()) return undefined;
    const webhook = webhookDocument && readWebhook(webhookDocument);
    const isWanted = delivery.asked || (webhook !== undefined && subscribesTo(webhook, delivery.type));
    if (eventDocument === undefined || webhook === undefined || !isWanted) return end(delivery, 'dropped');
    if (webhook.status === 'disabled') return end(delivery, 'failed');
    return { delivery, event: readEvent(eventDocument), webhook };
  }

  /** Ends a delivery that is not attempted. If the commit fails, the next run does it. */
  async function end(delivery: Delivery, status: 'dropped' | 'failed'): Promise<undefined> {
    await tryUpdate(delivery, { status, due: null, lease: null });
  }

  /** @returns the lease; undefined when somebody else has it, or nobody knows */
  async function take(delivery: Delivery): Promise<string | undefined> {
    const lease = randomUUID();
    const taken = await tryUpdate(delivery, { lease, due: clock.now() + LEASE });
    if (taken) return lease;
    const [document] = await store.get([deliveryPath(delivery.id)]);
    return document !== undefined && readDelivery(document).lease === lease ? lease : undefined;
  }

  async function tryUpdate(
    { id, updateTime: lastUpdateTime }: Delivery,
    fields: Parameters<typeof deliveryDocument>[0],
  ): Promise<boolean> {
    try {
      await store.commit([{ op: 'update', path: deliveryPath(id), fields: deliveryDocument(fields), lastUpdateTime }]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  async function sendSigned(
    webhook: Webhook,
    event: Event,
    secrets: readonly Uint8Array[],
    at: number,
  ): Promise<SendResult> {
    if (secrets.length === 0) {
      log.log('ALERT', 'webhook_secret_unreadable', { webhook_id: webhook.id });
      return { kind: 'error', error: 'not_sent' };
    }
    const { headers, body } = messageOf(event, secrets, at);
    return send(webhook.url, headers, body);
  }
}
