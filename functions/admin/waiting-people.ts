import { Fault } from '#shared/model/errors.ts';
import { readTicket, type Ticket } from '#shared/model/ticket.ts';
import type { Document, DocumentStore, Write } from '#shared/store/store.ts';
import { ERASED } from './erased-record.ts';
import { adminQueries } from './queries.ts';

/** A machine that waits for a seat. */
export interface WaitingMachine extends Ticket {
  readonly licenseId: string;
}

/** Licences read at a time, and the queues that are read at once. */
const CHUNK = 100;
/** Tickets of one licence that one person has: as many as a queue may hold. */
const MAX_TICKETS = 1_000;

/**
 * The tickets of one person's machines. They lie below their licences, so the licences in whose queues somebody waits
 * are gone through: one query each.
 */
export function createWaitingPeople({ store }: { readonly store: Pick<DocumentStore, 'query' | 'writeEach'> }) {
  async function* ticketsOf(address: string): AsyncGenerator<readonly { licenseId: string; document: Document }[]> {
    for (let after: string | undefined; ; ) {
      const queues = await store.query(adminQueries.queues({ limit: CHUNK, after }));
      const found = queues.map(async ({ id: licenseId }) => {
        const documents = await store.query(adminQueries.ticketsOfUser(licenseId, address, MAX_TICKETS));
        return documents.map((document) => ({ licenseId, document }));
      });
      yield (await Promise.all(found)).flat();
      after = queues.at(-1)?.path;
      if (queues.length < CHUNK) return;
    }
  }

  /** @param address as `normalEmail` gives it */
  async function find(address: string): Promise<WaitingMachine[]> {
    const waiting: WaitingMachine[] = [];
    for await (const tickets of ticketsOf(address)) {
      waiting.push(...tickets.map(({ licenseId, document }) => ({ ...readTicket(document), licenseId })));
    }
    return waiting;
  }

  /**
   * Replaces the address and the host name; the machine keeps its place, and says neither again while it waits.
   * @returns how many tickets were changed
   * @throws Fault `dependency_unavailable`
   */
  async function erase(address: string): Promise<number> {
    let changed = 0;
    for await (const tickets of ticketsOf(address)) {
      const fields = { user_email: ERASED, user: null, hostname: ERASED };
      const outcomes = await store.writeEach(
        tickets.map(({ document: { path } }): Write => ({ op: 'update', path, fields })),
      );
      // One that was served in the meantime fails, too: its session is found by the repeated request.
      if (outcomes.some((failure) => failure !== undefined)) throw unfinished();
      changed += tickets.length;
    }
    return changed;
  }

  return { find, erase };
}

const unfinished = () =>
  new Fault('dependency_unavailable', 'Not everything could be erased yet. Repeat the request.', { retryAfter: 1 });
