import type { Clock } from '#shared/model/clock.ts';
import { type Delivery, readDelivery } from '#shared/model/delivery.ts';
import { EVENT_SHARDS } from '#shared/model/event.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { DeliveryTasks } from '#shared/webhooks/delivery-tasks.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import type { Attempt } from './attempt.ts';
import { inPlaces } from './places.ts';

export interface SendDueOptions {
  readonly store: Pick<DocumentReader, 'query'>;
  readonly clock: Clock;
  readonly attempt: Attempt;
  readonly tasks: DeliveryTasks;
  readonly log: Logger;
}

export interface Sent {
  readonly sent: number;
  readonly failed: number;
}

/** Deliveries of a shard that are read at once. */
const PAGE = 100;
/** Milliseconds after which an endpoint counts as slow: its other deliveries become tasks, which others execute. */
const SLOW = 5_000;

/**
 * Attempts every delivery that is due, each once. What there is no time for, and what else waits at an endpoint that is
 * slow, becomes a task of the queue.
 * @param inTime whether there is time to begin another attempt
 */
export type SendDue = (inTime: () => boolean) => Promise<Sent>;

export function createSendDue({ store, clock, attempt, tasks, log }: SendDueOptions): SendDue {
  return async (inTime) => {
    const counts = { sent: 0, failed: 0 };
    const seen = new Set<string>();
    const slow = new Set<string>();

    async function attemptOne({ id, event_id, webhook_id, attempts_made }: Delivery): Promise<void> {
      if (!inTime() || slow.has(webhook_id)) {
        const task = { eventId: event_id, webhookId: webhook_id, attempt: attempts_made };
        await tasks.enqueue(task).catch((error: unknown) => log.log('WARNING', 'webhook_task_not_made', { error }));
        return;
      }
      const startedAt = performance.now();
      const outcome = await attempt(id);
      if (performance.now() - startedAt > SLOW) slow.add(webhook_id);
      if (outcome === 'delivered') counts.sent += 1;
      if (outcome === 'failed') counts.failed += 1;
    }

    while (inTime()) {
      const due = (await readDue()).filter(({ id }) => !seen.has(id));
      if (due.length === 0) break;
      for (const { id } of due) seen.add(id);
      await inPlaces(due, ({ webhook_id }) => webhook_id, attemptOne);
    }
    return counts;
  };

  async function readDue(): Promise<Delivery[]> {
    const now = clock.now();
    const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => shard);
    const found = await Promise.all(shards.map((shard) => store.query(webhookQueries.dueDeliveries(shard, now, PAGE))));
    return found
      .flat()
      .map(readDelivery)
      .sort((a, b) => (a.due ?? 0) - (b.due ?? 0));
  }
}
