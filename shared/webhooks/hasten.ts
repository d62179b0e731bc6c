import { LRUCache } from 'lru-cache';
import type { NewEvent } from '../events/outbox.ts';
import type { Logger } from '../model/logger.ts';
import { subscribesTo, VENDOR_TENANT, type Webhook } from '../model/webhook.ts';
import type { DocumentReader } from '../store/store.ts';
import { webhooksFor } from './announcements.ts';
import type { DeliveryTasks } from './delivery-tasks.ts';

export interface HastenOptions {
  readonly store: Pick<DocumentReader, 'query'>;
  readonly tasks: DeliveryTasks;
  readonly log: Logger;
}

/** Milliseconds that an act waits for its tasks, and for which the endpoints of a tenant are remembered. */
const PATIENCE = 200;
const REMEMBERED = 30_000;
const MAX_TENANTS = 1_000;

/**
 * Makes the tasks of what was just committed, so that it is delivered at once. Best effort: what fails here, or is not
 * known yet, the dispatcher's next run finds in the documents.
 */
export function createHasten({ store, tasks, log }: HastenOptions) {
  const endpoints = new LRUCache<string, readonly Webhook[]>({ max: MAX_TENANTS, ttl: REMEMBERED });

  async function endpointsOf(tenantId: string): Promise<readonly Webhook[]> {
    const known = endpoints.get(tenantId);
    if (known !== undefined) return known;
    const found = await webhooksFor(store, tenantId);
    endpoints.set(tenantId, found);
    return found;
  }

  async function enqueueAll(eventId: string, { type, tenantId, onlyTo }: NewEvent): Promise<void> {
    const subscribed = async () => {
      const found = await endpointsOf(tenantId);
      return found.filter((one) => one.status === 'enabled' && subscribesTo(one, type)).map(({ id }) => id);
    };
    const webhooks = onlyTo === undefined ? await subscribed() : [onlyTo];
    await Promise.all(webhooks.map((webhookId) => tasks.enqueue({ eventId, webhookId, attempt: 0 })));
  }

  /** Waits no longer than PATIENCE, and never fails. */
  async function patiently(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE);
    });
    const done = work.catch((error: unknown) => log.log('DEBUG', 'webhook_task_not_made', { error }));
    await Promise.race([done, enough]);
    clearTimeout(timer);
  }

  return {
    /** The endpoints of a tenant have changed; those of the vendor hear of every tenant. */
    forget: (tenantId: string) => (tenantId === VENDOR_TENANT ? endpoints.clear() : void endpoints.delete(tenantId)),
    event: (eventId: string, event: NewEvent) => patiently(enqueueAll(eventId, event)),
    delivery: (eventId: string, webhookId: string, attempt: number) =>
      patiently(tasks.enqueue({ eventId, webhookId, attempt })),
  };
}
