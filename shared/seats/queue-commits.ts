import { LEFT_RETENTION, type Ticket, type TicketFields } from '../model/ticket.ts';
import type { Write } from '../store/store.ts';
import { paths } from './paths.ts';

/**
 * The writes on tickets of the queue, with what each requires (docs/seats.md). A ticket decides who is served first; that
 * no seat is given twice is the claim's business.
 */

/** One ticket a machine: creating requires that it has none, or it would lose its place to its own second request. */
export const enqueue = (licenseId: string, holder: string, fields: TicketFields): Write => ({
  op: 'create',
  path: paths.ticket(licenseId, holder),
  fields: { ...fields },
  deleteAfter: fields.wait_until,
});

/** The same for a machine whose ticket is dead, unless that was changed or deleted since it was read. */
export const enqueueAgain = (dead: Ticket, fields: TicketFields): Write => ({
  op: 'update',
  path: dead.path,
  fields: { ...fields },
  lastUpdateTime: dead.updateTime,
  deleteAfter: fields.wait_until,
});

/**
 * Keeps a ticket alive. Requires that it exists, or a poll that is applied late would bring back the ticket of a machine
 * that has its seat; `maximum` never shortens what another poll was answered.
 * @param changed what follows from the key that the machine came with
 */
export const poll = (
  ticket: Ticket,
  polledUntil: number,
  changed: Partial<Pick<TicketFields, 'rank' | 'ticket'>>,
): Write => ({
  op: 'update',
  path: ticket.path,
  fields: { ...changed },
  maximum: { polled_until: polledUntil },
});

/** Ends the wait of a machine that gets a seat in the same commit, which creates its holder: nothing else is required. */
export const served = (ticket: Ticket): Write => ({ op: 'delete', path: ticket.path });

/** Removes a ticket, unless it was polled since it was read. */
export const drop = ({ path, updateTime }: Ticket): Write => ({
  op: 'delete',
  path,
  precondition: { lastUpdateTime: updateTime },
});

/** A ticket that its machine or an administrator gives back, with a note for whoever repeats the request. */
export const leaveQueue = (ticket: Ticket, now: number): Write[] => [
  drop(ticket),
  {
    op: 'create',
    path: paths.leftTicket(ticket.ticket),
    fields: { left_at: now },
    deleteAfter: now + LEFT_RETENTION,
  },
];

/** Tells the reaper that somebody waits for a seat of a licence. */
export const markQueue = (licenseId: string, now: number): Write => ({
  op: 'set',
  path: paths.sweep(licenseId),
  fields: { due: now },
});
