import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/queue.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import { priorityOf } from '#shared/model/ticket.ts';
import { listResponse } from './list-response.ts';
import type { createQueue, PlacedTicket } from './queue.ts';
import { scopeOf } from './scope.ts';

export interface QueueDomain {
  readonly queue: ReturnType<typeof createQueue>;
}

export const queueRoutes = ({ queue }: QueueDomain): BoundRoute[] => [
  bind(contract.listQueue, async ({ params, query, principal }) => {
    const page = await queue.list(scopeOf(principal), params.license_id, query);
    return listResponse(contract.listQueue, { params, query }, page, describe);
  }),

  bind(contract.removeTicket, async (input) => {
    const { params, principal } = input;
    await queue.remove(scopeOf(principal), params.license_id, params.ticket, actorOf(input));
    return { status: 204 };
  }),
];

const describe = (ticket: PlacedTicket): EveryMember<z.output<typeof contract.ticket>> => ({
  ticket: ticket.ticket,
  position: ticket.position,
  priority: priorityOf(ticket.rank),
  machine: ticket.holder.slice(0, 8),
  user_email: ticket.user_email,
  hostname: ticket.hostname,
  platform: ticket.platform,
  since: formatTime(ticket.since),
  wait_until: formatTime(ticket.wait_until),
});
