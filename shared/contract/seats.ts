import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { borrowSeconds } from './license-terms.ts';
import { joinQueue, queuePlace } from './queue.ts';
import { hardwareId, nonce, signedLicense, time, tokenFormat } from './schemas.ts';

const licenseKey = z.string().describe('as it was issued; case, spaces and hyphens do not matter');
const sessionId = z.string();
const program = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .optional()
  .describe('distinguishes programs on one machine, which share its seat; a random value for each run');
const processId = z
  .string()
  .min(1)
  .max(128)
  .optional()
  .describe(
    'names the process where each takes a seat of its own (`lease_per: process`), e.g. its number and start time',
  );
const detail = (what: string) => z.string().max(320).optional().describe(what);

const signedForms = {
  license_data: signedLicense.optional(),
  license_token: z.string().optional(),
  license_file: z.string().optional(),
};

const seatRequest = {
  license_key: licenseKey,
  hardware_id: hardwareId.describe('identifies the machine; each machine takes one seat'),
  user_email: z.string().max(320).nullable().optional(),
  hostname: detail('shown to the administrators of the licence'),
  platform: detail('shown to the administrators of the licence'),
  client_version: detail('shown to the administrators of the licence'),
  program,
  process_id: processId,
  queue: joinQueue,
  nonce: nonce.optional(),
  token_format: tokenFormat,
};

/** Whose seat a request may take, beside its own. */
const moving = {
  take_over: z
    .boolean()
    .optional()
    .describe('moves the seat here where a second machine of a user is refused (`on_second: refuse`)'),
  replace: z
    .string()
    .max(100)
    .optional()
    .describe('the handle of a session of this licence, which ends for this one (`self_service.release: any`)'),
};

export const acquire = defineRoute({
  id: 'acquireSeat',
  method: 'POST',
  path: '/api/v1/licenses/acquire',
  access: ['anyone'],
  listedCors: true,
  summary: 'Take a seat and receive the signed licence',
  description:
    'A machine that already holds a session gets the same session with a longer lease, and a fresh signature once a ' +
    'quarter of the time until `valid_until` has passed. Where seats are leased per user, the user is proven by a key ' +
    'that is the user’s, or by `Authorization: Bearer` with the token of a member of the tenant. Send heartbeats to keep the seat, and acquire again when half ' +
    'of the time until `valid_until` has passed.',
  body: z.strictObject({ ...seatRequest, ...moving }),
  responses: {
    200: { description: 'The session that is held already, or the one that it has moved to', schema: signedSeat() },
    201: { description: 'A new session', schema: signedSeat() },
    202: {
      description:
        'No seat is free, and the machine waits: the same request again asks for the seat and keeps the place',
      schema: queuePlace,
    },
  },
  errors: [
    'no_seats_available',
    'queue_full',
    'machine_limit_reached',
    'license_expired',
    'license_suspended',
    'license_not_found',
    'unauthenticated',
    'user_not_named',
    'self_service_off',
    'session_not_found',
    'held_elsewhere',
    'signing_unavailable',
    'dependency_unavailable',
  ],
});

export const borrow = defineRoute({
  id: 'borrowSeat',
  method: 'POST',
  path: '/api/v1/licenses/borrow',
  access: ['anyone'],
  listedCors: true,
  summary: 'Borrow a seat',
  description:
    'Takes a seat, or turns the one that the machine has into a borrowed one, under a new session id. It needs no ' +
    'heartbeats, and its signed licence works offline, until `borrowed_until`. Asking again never makes it shorter; with ' +
    'more seconds it becomes longer. Nobody takes the seat before its time, unless an administrator recalls it.',
  body: z.strictObject({
    ...seatRequest,
    borrow_seconds: borrowSeconds.optional().describe("default: the licence's `borrow.max_seconds`"),
  }),
  responses: {
    200: { description: 'The seat that this machine already holds, borrowed', schema: borrowedSeat() },
    201: { description: 'A new session', schema: borrowedSeat() },
    202: { description: 'No seat is free: the place in the queue', schema: queuePlace },
  },
  errors: [
    'borrow_not_allowed',
    'borrow_too_long',
    'no_borrow_available',
    'no_seats_available',
    'queue_full',
    'machine_limit_reached',
    'license_expired',
    'license_suspended',
    'license_not_found',
    'signing_unavailable',
    'dependency_unavailable',
  ],
});

export const heartbeat = defineRoute({
  id: 'heartbeat',
  method: 'POST',
  path: '/api/v1/licenses/heartbeat',
  access: ['anyone'],
  listedCors: true,
  summary: 'Extend the lease of a seat',
  description:
    'With `refresh`, the response also has the licence, signed anew. The lease is extended in any case; when only the ' +
    'signature could not be made, `refresh_error` is its code.',
  body: z.strictObject({
    session_id: sessionId,
    program,
    refresh: z
      .strictObject({
        license_key: licenseKey,
        hardware_id: hardwareId,
        nonce: nonce.optional(),
        token_format: tokenFormat,
      })
      .optional(),
  }),
  responses: {
    200: {
      description: 'The lease has been extended',
      schema: z.object({
        session_id: z.string(),
        last_heartbeat: time,
        expires_at: time,
        next_heartbeat_seconds: z.number().int(),
        ...signedForms,
        refresh_error: z.string().optional(),
      }),
    },
  },
  errors: ['forbidden', 'session_not_found', 'session_ended', 'dependency_unavailable'],
});

export const release = defineRoute({
  id: 'releaseSeat',
  method: 'POST',
  path: '/api/v1/licenses/release',
  access: ['anyone'],
  listedCors: true,
  summary: 'Release a seat',
  description:
    'Repeating the request gets the same response. A program that sends its `program` leaves the seat to the other ' +
    'programs of its machine that were heard of within two heartbeat intervals. A borrowed seat comes back before its ' +
    'time only where the licence allows it, and then for all programs of the machine.',
  body: z.strictObject({ session_id: sessionId, program }),
  responses: {
    200: {
      description: 'The seat is free',
      schema: z.object({
        session_id: z.string(),
        released_at: time,
        seats_used: z.number().int(),
        still_held: z.literal(true).optional().describe('another program of this machine goes on with the seat'),
      }),
    },
  },
  errors: ['session_not_found', 'early_return_not_allowed', 'session_ended', 'dependency_unavailable'],
});

function borrowedSeat() {
  return signedSeat().extend({
    borrowed_until: time,
    seats_borrowed: z.number().int().describe('borrowed seats of the licence'),
    borrow_max_seats: z.number().int().describe('how many seats may be borrowed at once'),
  });
}

function signedSeat() {
  return z.object({
    session_id: z.string().describe('a secret: its bearer can extend the lease or release the seat'),
    expires_at: time.describe('when the lease ends unless a heartbeat prolongs it'),
    heartbeat_interval_seconds: z.number().int(),
    seats_used: z.number().int(),
    seats_total: z.number().int(),
    borrowed_until: time.optional().describe('the seat is borrowed until then'),
    ...signedForms,
  });
}
