import * as z from 'zod';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { handleOf, licenseOfSession } from '#shared/model/session-id.ts';
import { readTicket } from '#shared/model/ticket.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { leaveQueue } from '#shared/seats/queue-commits.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

/** @returns milliseconds since the epoch: when the ticket was given back */
export type LeaveQueue = (ticketId: string) => Promise<number>;

const MAX_ATTEMPTS = 4;
const leftFields = z.object({ left_at: z.number().int() });

/**
 * Gives a machine's ticket back. Repeating it answers the same.
 * @throws Fault `ticket_not_found`, `dependency_unavailable`
 */
export function createLeaveQueue({ store, clock }: { store: DocumentStore; clock: Clock }): LeaveQueue {
  return async (ticketId) => {
    // Tickets are named like sessions: by their licence and a secret.
    const licenseId = licenseOfSession(ticketId);
    if (licenseId === undefined) throw ticketNotFound();
    const name = handleOf(ticketId);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const [[document], [left]] = await Promise.all([
        store.query(queries.ticketByName(licenseId, name)),
        store.get([paths.leftTicket(name)]),
      ]);
      if (left !== undefined) return leftFields.parse(left.fields).left_at;
      if (document === undefined) throw ticketNotFound();
      const now = clock.now();
      try {
        await store.commit(leaveQueue(readTicket(document), now));
        return now;
      } catch (error) {
        // It was polled meanwhile, or the answer was lost: the next attempt reads which.
        if (!(error instanceof CommitError)) throw error;
      }
    }
    throw new Fault('dependency_unavailable', 'The ticket could not be given back right now.', { retryAfter: 1 });
  };
}

const ticketNotFound = () =>
  new Fault('ticket_not_found', 'The machine has got its seat, or has stopped asking for it.');
