import { expiredBefore } from '#shared/model/session.ts';
import { isWaiting, readTicket, type Ticket } from '#shared/model/ticket.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** Who waits for a seat of a licence, as far as a group of requests is decided by it. */
export interface QueueSnapshot {
  /** The first tickets in the order in which seats are given, dead ones too. */
  readonly first: readonly Ticket[];
  /** There are more tickets than were read. */
  readonly hasMore: boolean;
  /** All tickets: exact when there are no more than were read, else with the dead ones. */
  readonly length: number;
  /** The tickets of this group's machines, by holder id. */
  readonly own: ReadonlyMap<string, Ticket>;
  /** How many sessions have expired, whose seats can be taken over. */
  readonly expired: number;
}

/** Tickets that one group reads. */
const MAX_TICKETS = 200;

/**
 * Reads the queue of a licence that has one: one query and one count, side by side; two RPCs more when it is longer than
 * the query reads.
 * @returns undefined for a licence without a queue
 */
export async function readQueue(
  store: DocumentReader,
  { license }: SeatSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
): Promise<QueueSnapshot | undefined> {
  if (license === undefined || license.queue === null || license.status !== 'active') return undefined;
  const [documents, expired] = await Promise.all([
    store.query(queries.ticketsInOrder(license.id, MAX_TICKETS)),
    store.count(queries.expiredOf(license.id, expiredBefore(now), 1)),
  ]);
  const first = documents.map(readTicket);
  const living = first.filter((ticket) => isWaiting(ticket, now)).length;
  const hasMore = first.length === MAX_TICKETS;
  const known = new Map(first.map((ticket) => [ticket.holder, ticket]));
  const others = hasMore ? requests.filter(({ holderId }) => !known.has(holderId)) : [];
  const [total, found] = await Promise.all([
    hasMore ? store.count(queries.tickets(license.id)) : living,
    others.length === 0 ? [] : store.get(others.map(({ holderId }) => paths.ticket(license.id, holderId))),
  ]);
  for (const document of found) if (document !== undefined) known.set(document.id, readTicket(document));
  const own = requests.flatMap(({ holderId }) => {
    const ticket = known.get(holderId);
    return ticket === undefined ? [] : [[holderId, ticket] as const];
  });
  return { first, hasMore, length: Math.max(living, total - (first.length - living)), own: new Map(own), expired };
}
