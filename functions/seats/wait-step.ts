import { DEFAULT_PRIORITY, type KeyRecord } from '#shared/model/key-record.ts';
import { priorityOf, rankOf, rerank, type Ticket, ticketNameOf } from '#shared/model/ticket.ts';
import { enqueue, enqueueAgain, poll } from '#shared/seats/queue-commits.ts';
import type { Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { clientFields } from './client-fields.ts';
import { isAhead, placeAt, polledUntil, type QueuePlace } from './queue-place.ts';

/** Gives a machine a ticket, or keeps the one that it has alive: one write. */
export interface Wait {
  readonly kind: 'wait';
  readonly request: AttemptedRequest;
  readonly place: QueuePlace;
  readonly write: Write;
}

/** The queue as a group of requests fills it. */
export interface FillingQueue {
  readonly licenseId: string;
  /** Tickets that live, in order, and those that this group has made. */
  readonly tickets: readonly Pick<Ticket, 'rank' | 'holder'>[];
  /** There are more tickets than are known, all of them further back. */
  readonly hasMore: boolean;
  readonly length: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A machine that waits already keeps its place; another key may change its priority. */
export function planPoll(
  request: AttemptedRequest,
  ticket: Ticket,
  key: KeyRecord | undefined,
  queue: FillingQueue,
): Wait {
  const priority = key?.priority ?? DEFAULT_PRIORITY;
  const rank = priorityOf(ticket.rank) === priority ? ticket.rank : rerank(ticket.rank, priority);
  const { ticketId, ticket: name } = ticketNameOf(request.key, ticket.nonce);
  const place = placeOf({ holder: ticket.holder, rank }, queue);
  const changed = { ...(rank === ticket.rank ? {} : { rank }), ...(name === ticket.ticket ? {} : { ticket: name }) };
  return {
    kind: 'wait',
    request,
    place: { ...place, ticketId, queueLength: queue.length, waitUntil: ticket.wait_until },
    write: poll(ticket, polledUntil(place, queue.now), changed),
  };
}

/**
 * A machine that begins to wait, behind all that wait with the same priority.
 * @param dead the ticket that it had, which is dead
 * @param order its place among those of its group that begin to wait
 */
export function planEnqueue(
  request: AttemptedRequest,
  {
    dead,
    key,
    order,
  }: { readonly dead: Ticket | undefined; readonly key: KeyRecord | undefined; readonly order: number },
  queue: FillingQueue,
): { readonly step: Wait; readonly ticket: Pick<Ticket, 'rank' | 'holder'> } {
  const { licenseId, now } = queue;
  const { holderId: holder, nonce, client } = request;
  const rank = rankOf(key?.priority ?? DEFAULT_PRIORITY, now, order);
  const { ticketId, ticket } = ticketNameOf(request.key, nonce);
  const place = placeOf({ holder, rank }, queue);
  const waitUntil = now + (request.queue?.maxWaitSeconds ?? 0) * 1000;
  const fields = {
    rank,
    ticket,
    nonce,
    since: now,
    polled_until: polledUntil(place, now),
    wait_until: waitUntil,
    user_email: client.user_email,
    user: clientFields(client).user,
    hostname: client.hostname,
    platform: client.platform,
  };
  return {
    step: {
      kind: 'wait',
      request,
      place: { ...place, ticketId, queueLength: queue.length + 1, waitUntil },
      write: dead === undefined ? enqueue(licenseId, holder, fields) : enqueueAgain(dead, fields),
    },
    ticket: { rank, holder },
  };
}

function placeOf(own: Pick<Ticket, 'rank' | 'holder'>, { tickets, hasMore }: FillingQueue) {
  const ahead = tickets.filter((ticket) => ticket.holder !== own.holder && isAhead(ticket, own)).length;
  const isKnown = !hasMore || tickets.some((ticket) => !isAhead(ticket, own));
  return placeAt(isKnown ? ahead + 1 : undefined);
}
