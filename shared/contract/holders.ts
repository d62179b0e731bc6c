import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { time } from './schemas.ts';

const licenseKey = z.string().describe('as it was issued; case, spaces and hyphens do not matter');

export const holder = z.object({
  session: z.string().describe('the handle: it names the session and is not a secret'),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  user_email: z.string().optional(),
  acquired_at: time,
  last_heartbeat: time,
  borrowed_until: time.optional(),
  you: z.boolean().describe('it is on the machine of `hardware_id`'),
});

export const listHolders = defineRoute({
  id: 'listHolders',
  method: 'POST',
  path: '/api/v1/licenses/holders',
  access: ['anyone'],
  listedCors: true,
  summary: 'Who has the seats, for whoever has a key',
  description:
    'What the licence offers with `self_service.holders`: with `count` the numbers, with `names` the sessions, those ' +
    'whose leases end soonest first and at most 200.',
  body: z.strictObject({
    license_key: licenseKey,
    hardware_id: z.string().min(1).max(256).optional().describe('of the machine that asks, so that it finds itself'),
  }),
  responses: {
    200: {
      description: 'The sessions, or how many there are',
      schema: z.union([z.array(holder), z.object({ seats_used: z.number().int(), seats_total: z.number().int() })]),
    },
  },
  errors: ['license_not_found', 'license_expired', 'license_suspended', 'self_service_off', 'dependency_unavailable'],
});

export const releaseHolder = defineRoute({
  id: 'releaseHolder',
  method: 'POST',
  path: '/api/v1/licenses/holders/release',
  access: ['anyone'],
  listedCors: true,
  summary: 'Free a seat, for whoever has a key',
  description:
    'What the licence offers with `self_service.release`: `own` for sessions that came with the same key, or are of its ' +
    'user; `any` for all. The next heartbeat of its holder gets 410 with the reason `self_released`. At most ten times ' +
    'an hour and licence. Repeating the request gets the same response.',
  body: z.strictObject({ license_key: licenseKey, session: z.string().max(200).describe('the handle') }),
  responses: {
    200: {
      description: 'The seat is free',
      schema: z.object({ session: z.string(), released_at: time, seats_used: z.number().int() }),
    },
  },
  errors: [
    'license_not_found',
    'license_expired',
    'license_suspended',
    'self_service_off',
    'forbidden',
    'session_not_found',
    'session_ended',
    'session_borrowed',
    'conflict',
    'rate_limited',
    'dependency_unavailable',
  ],
});
