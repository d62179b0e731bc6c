import type { Clock } from '#shared/model/clock.ts';
import { createDelivery, deliveryId, deliveryPath } from '#shared/model/delivery.ts';
import { EVENT_SHARDS, type Event, eventPath, readEvent } from '#shared/model/event.ts';
import { subscribesTo, type Webhook } from '#shared/model/webhook.ts';
import { paths } from '#shared/seats/paths.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import { announcementsFor, webhooksFor } from '#shared/webhooks/announcements.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';

export interface PlanDeliveriesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

/** Events of a shard that are read at once, and events that share a commit. */
const PAGE = 200;
const GROUP = 20;
/** Tries of one event whose commit fails, before it is left to the next run. */
const TRIES = 4;

/** The endpoints that hear of a tenant. */
type EndpointsOf = (tenantId: string) => Promise<readonly Webhook[]>;

/**
 * Plans the deliveries of events that are due: one for each endpoint that subscribes, created in the commit that takes the
 * event out of the outbox. Two dispatchers at once plan an event once, because that commit requires the event as it was
 * read.
 */
export function createPlanDeliveries({ store, clock }: PlanDeliveriesOptions) {
  /** Plans everything that is due. @param inTime whether there is time to begin another page */
  async function planDue(inTime: () => boolean): Promise<void> {
    const endpointsOf = remembered();
    const shards = Array.from({ length: EVENT_SHARDS }, (_, shard) => shard);
    await Promise.all(shards.map((shard) => planShard(shard, endpointsOf, inTime)));
  }

  async function planShard(shard: number, endpointsOf: EndpointsOf, inTime: () => boolean): Promise<void> {
    while (inTime()) {
      const documents = await store.query(webhookQueries.dueEvents(shard, clock.now(), PAGE));
      const events = documents.map(readEvent);
      let planned = 0;
      for (let from = 0; from < events.length; from += GROUP) {
        planned += await planGroup(events.slice(from, from + GROUP), endpointsOf);
      }
      // Without progress the rest is left to the next run.
      if (documents.length < PAGE || planned === 0) return;
    }
  }

  /** @returns how many were planned */
  async function planGroup(events: readonly Event[], endpointsOf: EndpointsOf): Promise<number> {
    if (await tryPlan(events, endpointsOf)) return events.length;
    const each = await Promise.all(events.map((event) => planAgain(event.id, endpointsOf)));
    return each.filter(Boolean).length;
  }

  /** Plans one event as it is now. True when its deliveries are planned, by whomever. */
  async function planAgain(eventId: string, endpointsOf: EndpointsOf): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const [document] = await store.get([eventPath(eventId)]);
      const event = document && readEvent(document);
      if (event === undefined || event.due === null) return true;
      if (await tryPlan([event], endpointsOf)) return true;
    }
    return false;
  }

  async function tryPlan(events: readonly Event[], endpointsOf: EndpointsOf): Promise<boolean> {
    const now = clock.now();
    const targets = await Promise.all(
      events.map(async (event) => {
        const endpoints = await endpointsOf(event.tenant_id);
        const told = endpoints.filter((one) => hears(one, event)).map(({ id }) => id);
        return { event, told, marks: marksOf(event, endpoints) };
      }),
    );
    const wanted = targets.flatMap(({ event, told }) => told.map((webhookId) => ({ event, webhookId })));
    const ids = wanted.map(({ event, webhookId }) => deliveryPath(deliveryId(event.id, webhookId)));
    const there = ids.length === 0 ? [] : await store.get(ids);
    const missing = wanted.filter((_, index) => there[index] === undefined);
    const writes: Write[] = [
      ...events.map(takeOut),
      ...missing.map(({ event, webhookId }) => createDelivery(event, webhookId, { due: now, asked: false })),
      ...targets.flatMap(({ marks }) => marks),
    ];
    try {
      await store.commit(writes);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** Each tenant's endpoints are read once a run. */
  function remembered(): EndpointsOf {
    const known = new Map<string, Promise<readonly Webhook[]>>();
    return (tenantId) => {
      const found = known.get(tenantId) ?? webhooksFor(store, tenantId);
      known.set(tenantId, found);
      return found;
    };
  }

  return {
    planDue,
    /** Plans one event, if it is in the outbox still. */
    planOne: (eventId: string) => planAgain(eventId, remembered()),
  };
}

/** An endpoint hears of what happened since it was created. */
const hears = (webhook: Webhook, { type, at }: Event): boolean =>
  webhook.status === 'enabled' && webhook.created_at <= at && subscribesTo(webhook, type);

const takeOut = ({ id, updateTime: lastUpdateTime }: Event): Write => ({
  op: 'update',
  path: eventPath(id),
  fields: { due: null },
  lastUpdateTime,
});

/** A licence that was made by whoever does not look at endpoints learns here what they want to hear of its seats. */
function marksOf({ type, license_id }: Event, endpoints: readonly Webhook[]): Write[] {
  const announces = announcementsFor(endpoints);
  if (type !== 'license.created' || license_id === null || announces.length === 0) return [];
  return [{ op: 'update', path: paths.license(license_id), fields: { announces } }];
}
