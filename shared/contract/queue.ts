import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { VENDOR } from '../model/principal.ts';
import { page, time } from './schemas.ts';

const DEFAULT_WAIT_SECONDS = 3_600;
const MAX_WAIT_SECONDS = 86_400;

/** A machine's wish to wait when no seat is free, in a request for a seat. */
export const joinQueue = z
  .strictObject({
    max_wait_seconds: z.number().int().min(1).max(MAX_WAIT_SECONDS).default(DEFAULT_WAIT_SECONDS),
  })
  .optional()
  .describe('wait in the queue of the licence, if it has one, when no seat is free');

/** A place in the queue, in answer to a request for a seat. */
export const queuePlace = z.object({
  ticket_id: z.string().describe('a secret: its bearer can leave the queue'),
  position: z.number().int().describe('1 is next; 101 stands for all behind the first hundred'),
  position_exact: z.boolean(),
  queue_length: z.number().int(),
  poll_after_seconds: z
    .number()
    .int()
    .describe('when to send the request again; who stays away three times as long loses the place'),
  wait_until: time.describe('when the machine stops waiting'),
  estimated_wait_seconds: z
    .number()
    .int()
    .optional()
    .describe('from how often seats came free in the last hour; absent when that were fewer than ten'),
});

export const leaveQueue = defineRoute({
  id: 'leaveQueue',
  method: 'POST',
  path: '/api/v1/licenses/queue/leave',
  access: ['anyone'],
  listedCors: true,
  summary: 'Stop waiting for a seat',
  description: 'Those behind move up. Repeating the request gets the same response.',
  body: z.strictObject({ ticket_id: z.string() }),
  responses: {
    200: { description: 'The machine waits no more', schema: z.object({ ticket_id: z.string(), left_at: time }) },
  },
  errors: ['ticket_not_found', 'dependency_unavailable'],
});

const licenseParams = z.object({ license_id: z.string() });

export const ticket = z.object({
  ticket: z.string().describe('identifies the ticket and is not a secret'),
  position: z.number().int(),
  priority: z.number().int().describe('of the licence key that it came with'),
  machine: z.string().describe('the first eight characters of a hash of licence and hardware id'),
  user_email: z.string().nullable(),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  since: time,
  wait_until: time,
});

export const listQueue = defineRoute({
  id: 'listQueue',
  method: 'GET',
  path: '/api/v1/licenses/{license_id}/queue',
  access: [...VENDOR, 'owner', 'admin', 'member'],
  summary: 'Who waits for a seat',
  description:
    'In the order in which seats are given, in pages: the `Link` header (`rel="next"`) has the URL of the next page.',
  params: licenseParams,
  query: page,
  responses: { 200: { description: 'A page of the queue', schema: z.array(ticket) } },
  errors: ['license_not_found'],
});

export const removeTicket = defineRoute({
  id: 'removeTicket',
  method: 'DELETE',
  path: '/api/v1/licenses/{license_id}/queue/{ticket}',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Take a machine out of the queue',
  description: 'Those behind move up. If its program goes on asking, it waits again, behind all others.',
  params: licenseParams.extend({ ticket: z.string().describe('as the list has it') }),
  responses: { 204: { description: 'The machine has lost its place' } },
  errors: ['license_not_found', 'ticket_not_found', 'dependency_unavailable'],
});
