import { type Event, readEvent } from '#shared/model/event.ts';
import { subscribesTo } from '#shared/model/webhook.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import type { ListScope } from './scope.ts';

export interface EventFilter {
  readonly tenantId?: string | undefined;
  readonly licenseId?: string | undefined;
  /** A type, a group like `license.*`, or `*`. */
  readonly type?: string | undefined;
  /** Milliseconds since the epoch; older events are left out. */
  readonly since?: number | undefined;
}

/** Lists what happened within the caller's scope, the newest first. Another tenant's licence matches nothing. */
export function createEvents({ store }: { readonly store: Pick<DocumentReader, 'query'> }) {
  return async (scope: ListScope, filter: EventFilter, request: PageRequest): Promise<Page<Event>> => {
    const fields = { tenant_id: scope.listed(filter.tenantId), license_id: filter.licenseId };
    const { type, since = Number.NEGATIVE_INFINITY } = filter;
    const matches = (event: Event) => type === undefined || subscribesTo({ events: [type] }, event.type);
    const { items, next } = await readMatching(store, request, (range) => webhookQueries.events(fields, range), {
      read: readEvent,
      matches,
    });
    // They come newest first: all after the first one that is too old are too old as well.
    const wanted = items.filter(({ at }) => at >= since);
    return { items: wanted, next: wanted.length === items.length ? next : undefined };
  };
}
