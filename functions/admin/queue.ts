import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { isHandle } from '#shared/model/session-id.ts';
import { isWaiting, readTicket, type Ticket } from '#shared/model/ticket.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { leaveQueue } from '#shared/seats/queue-commits.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { FindLicenses } from './find-licenses.ts';
import { encodeCursor, type Page, type PageRequest } from './page.ts';
import type { Scope } from './scope.ts';

export interface QueueOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly licenses: Pick<FindLicenses, 'get'>;
}

/** A ticket with its place. */
export interface PlacedTicket extends Ticket {
  readonly position: number;
}

/** Where a page of the queue begins: after a ticket, with the position that the next one has. */
const CURSOR = /^(?<rank>[\d.]{1,40}) (?<holder>[0-9a-f]{64}) (?<position>\d{1,6})$/;

/** Lists who waits for a seat of a licence, and takes a machine out. */
export function createQueue({ store, clock, commitAudited, licenses }: QueueOptions) {
  /** Those that wait, in the order in which seats are given. @throws Fault `license_not_found`, `invalid_request` */
  async function list(scope: Scope, licenseId: string, request: PageRequest): Promise<Page<PlacedTicket>> {
    const { id } = await licenses.get(scope, licenseId);
    const { limit, cursor } = request;
    const from = cursor === undefined ? undefined : readCursor(cursor);
    const after = from && ([from.rank, paths.ticket(id, from.holder)] as const);
    const documents = await store.query(queries.ticketsInOrder(id, limit + 1, after));
    const read = documents.slice(0, limit).map(readTicket);
    const first = from?.position ?? 1;
    const waiting = read.filter((ticket) => isWaiting(ticket, clock.now()));
    const last = read.at(-1);
    const next =
      documents.length > limit && last !== undefined ? [last.rank, last.holder, first + waiting.length] : undefined;
    return {
      items: waiting.map((ticket, index) => ({ ...ticket, position: first + index })),
      next: next && encodeCursor(next.join(' ')),
    };
  }

  /**
   * Takes a machine out of the queue. Repeating it succeeds.
   * @throws Fault `license_not_found`, `ticket_not_found`, `dependency_unavailable`
   */
  async function remove(scope: Scope, licenseId: string, name: string, actor: Actor): Promise<void> {
    await commitAudited(actor, async () => {
      const { id, tenant_id: tenantId } = await licenses.get(scope, licenseId);
      if (!isHandle(name)) throw ticketNotFound();
      const [[document], [left]] = await Promise.all([
        store.query(queries.ticketByName(id, name)),
        store.get([paths.leftTicket(name)]),
      ]);
      if (document === undefined) {
        if (left === undefined) throw ticketNotFound();
        return { writes: [], result: undefined };
      }
      const ticket = readTicket(document);
      return {
        writes: leaveQueue(ticket, clock.now()),
        event: {
          action: 'queue.remove',
          tenantId,
          licenseId: id,
          details: { ticket: name, user_email: ticket.user_email, hostname: ticket.hostname },
        },
        result: undefined,
      };
    });
  }

  return { list, remove };
}

function readCursor(cursor: string) {
  const text = Buffer.from(cursor, 'base64url').toString();
  const { rank, holder, position } = CURSOR.exec(text)?.groups ?? {};
  if (rank === undefined || holder === undefined || position === undefined || encodeCursor(text) !== cursor) {
    throw invalid([{ path: 'cursor', message: 'is not a cursor from a previous page' }]);
  }
  return { rank, holder, position: Number(position) };
}

const ticketNotFound = () =>
  new Fault('ticket_not_found', 'The machine has got its seat, or has stopped asking for it.');
