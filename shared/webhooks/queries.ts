import { MAX_WEBHOOKS } from '../model/webhook.ts';
import type { Filter, Query } from '../store/store.ts';

interface Range {
  readonly limit: number;
  readonly after?: string | undefined;
}

/** The queries of events, deliveries and webhooks; `terraform/indexes.json` declares the indexes they need. */
export const webhookQueries = {
  /** A tenant's endpoints; those of the vendor have the empty tenant. */
  webhooksOf: (tenantId: string): Query => ({
    collection: 'webhooks',
    where: [['tenant_id', '==', tenantId]],
    limit: MAX_WEBHOOKS,
  }),

  webhooks: (tenantId: string | undefined, range: Range): Query =>
    inOrderOfIds('webhooks', tenantId === undefined ? [] : [['tenant_id', '==', tenantId]], range),

  /** Those that have failed since before a moment. */
  failingWebhooks: (before: number, limit: number): Query => ({
    collection: 'webhooks',
    where: [
      ['status', '==', 'enabled'],
      ['failing_since', '<=', before],
    ],
    orderBy: [['failing_since', 'asc']],
    limit,
  }),

  recoveringWebhooks: (limit: number): Query => ({
    collection: 'webhooks',
    where: [['recovering', '==', true]],
    limit,
  }),

  /** Those whose tenant's licences are to be marked. */
  webhooksToMark: (now: number, limit: number): Query => ({
    collection: 'webhooks',
    where: [['mark_due', '<=', now]],
    orderBy: [['mark_due', 'asc']],
    limit,
  }),

  licensesOf: (tenantId: string | undefined, range: Range): Query =>
    inOrderOfIds('licenses', tenantId === undefined ? [] : [['tenant_id', '==', tenantId]], range),

  /** Marks of licences whose seats are to be counted. */
  dueSeatLevels: (now: number, limit: number): Query => ({
    collection: 'seat_levels',
    where: [['due', '<=', now]],
    orderBy: [['due', 'asc']],
    limit,
  }),

  /** Licences whose end is to be told of. */
  dueNotices: (now: number, limit: number): Query => ({
    collection: 'licenses',
    where: [['notice_due', '<=', now]],
    orderBy: [['notice_due', 'asc']],
    limit,
  }),

  /** Events whose deliveries are to be planned. */
  dueEvents: (shard: number, now: number, limit: number): Query => due('events', shard, now, limit),

  dueDeliveries: (shard: number, now: number, limit: number): Query => due('deliveries', shard, now, limit),

  pendingDeliveries: (): Omit<Query, 'limit'> => ({ collection: 'deliveries', where: [['status', '==', 'pending']] }),

  pendingDeliveriesOf: (webhookId: string, limit: number): Query => ({
    collection: 'deliveries',
    where: [
      ['webhook_id', '==', webhookId],
      ['status', '==', 'pending'],
    ],
    limit,
  }),

  deliveriesOf: (webhookId: string, status: string | undefined, range: Range): Query =>
    inOrderOfIds(
      'deliveries',
      [['webhook_id', '==', webhookId], ...(status === undefined ? [] : [['status', '==', status] as const])],
      range,
    ),

  events: (
    filter: {
      readonly tenant_id?: string | undefined;
      readonly license_id?: string | undefined;
    },
    range: Range,
  ): Query =>
    inOrderOfIds(
      'events',
      Object.entries(filter).flatMap(([name, value]): Filter[] => (value === undefined ? [] : [[name, '==', value]])),
      range,
    ),

  eventsOfSubject: (email: string, range: Range): Query => inOrderOfIds('events', [['subject', '==', email]], range),
} as const;

/** Ids of events count down with time, so for them and their deliveries this is the newest first. */
const inOrderOfIds = (collection: string, where: readonly Filter[], { limit, after }: Range): Query => ({
  collection,
  where,
  orderBy: [['__name__', 'asc']],
  limit,
  ...(after === undefined ? {} : { startAfter: [after] }),
});

const due = (collection: string, shard: number, now: number, limit: number): Query => ({
  collection,
  where: [
    ['shard', '==', shard],
    ['due', '<=', now],
  ],
  orderBy: [['due', 'asc']],
  limit,
});
