import { isShrinking, type License } from '#shared/model/license.ts';
import { isWaiting, type Ticket } from '#shared/model/ticket.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { QueueSnapshot } from './queue-snapshot.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** Who of a group may take a seat now. */
export interface Admission {
  readonly admitted: readonly AttemptedRequest[];
  readonly waiting: readonly AttemptedRequest[];
  /** Tickets that live and whose machines have no seat, in order. */
  readonly living: readonly Ticket[];
}

/**
 * The rule of admission: of the seats to be had, a request gets one only if fewer living tickets are ahead of it; who has
 * no ticket is behind all that have one. So nobody who asks after a ticket was written is served before it, unless both
 * were decided within one round trip. That no seat is given twice is the business of the commits.
 *
 * Who has a seat already, or takes that of a session which it names, takes none of them and is always admitted.
 */
export function admit(
  { license, holders, used }: SeatSnapshot & { readonly license: License },
  queue: QueueSnapshot,
  requests: readonly AttemptedRequest[],
  priorityOf: (request: AttemptedRequest) => number,
  now: number,
): Admission {
  const living = queue.first.filter((ticket) => isWaiting(ticket, now) && !holders.has(ticket.holder));
  const places = new Map(living.map(({ holder }, ahead) => [holder, ahead]));
  const available = isShrinking(license) ? 0 : Math.max(0, license.seats - used) + queue.expired;
  const [seated, others] = partition(
    requests,
    ({ holderId, replace }) => holders.has(holderId) || replace !== undefined,
  );
  const [ticketed, newcomers] = partition(others, ({ holderId }) => places.has(holderId));
  const [served, waiting] = partition(
    inOrder(ticketed, places),
    ({ holderId }) => (places.get(holderId) ?? 0) < available,
  );
  // Nobody beyond the tickets that were read is served before it is known who of them lives.
  const left = queue.hasMore ? 0 : Math.max(0, available - living.length);
  const sorted = newcomers.toSorted((a, b) => priorityOf(b) - priorityOf(a));
  return {
    admitted: [...seated, ...served, ...sorted.slice(0, left)],
    waiting: [...waiting, ...sorted.slice(left)],
    living,
  };
}

const inOrder = (requests: readonly AttemptedRequest[], places: ReadonlyMap<string, number>) =>
  requests.toSorted((a, b) => (places.get(a.holderId) ?? 0) - (places.get(b.holderId) ?? 0));

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}
