import { Fault, type FaultCode } from '../model/errors.ts';

interface Problem {
  readonly status: number;
  /** Names the problem; the same for every occurrence (RFC 9457, section 3.1.3). */
  readonly title: string;
  /** A detail as it occurs: it explains one occurrence and does not say the title again. For the documentation. */
  readonly example: string;
}

/** The one table from error code to HTTP status and title. */
export const PROBLEMS: Readonly<Record<FaultCode, Problem>> = {
  invalid_request: { status: 400, title: 'The request is invalid', example: 'hardware_id: must not be empty' },
  unauthenticated: { status: 401, title: 'Authentication is required', example: 'The token has expired.' },
  no_seats_available: {
    status: 402,
    title: 'All seats are in use',
    example: 'Release a seat, or wait until a lease expires.',
  },
  queue_full: {
    status: 402,
    title: 'All seats are in use, and the queue is full',
    example: 'As many machines wait for a seat as the licence allows.',
  },
  no_borrow_available: {
    status: 402,
    title: 'All seats that may be borrowed are out',
    example: 'Wait until a borrowed seat comes back.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    example: 'The caller has none of the roles that may use this route.',
  },
  license_expired: {
    status: 403,
    title: 'The licence has expired',
    example: 'The validity of the licence ended at 2026-11-01T00:00:00.000Z.',
  },
  license_suspended: {
    status: 403,
    title: 'The licence is suspended',
    example: 'No seat can be acquired until the vendor reinstates the licence.',
  },
  user_not_named: {
    status: 403,
    title: 'The user is not on the list of the licence',
    example: 'An administrator of the licence can add the user.',
  },
  self_service_off: {
    status: 403,
    title: 'The licence does not offer this to key holders',
    example: 'Only the administrators of this licence take seats back.',
  },
  machine_limit_reached: {
    status: 403,
    title: 'As many machines as the licence allows a day have used it',
    example: 'Other machines have used the licence today; the day (UTC) ends at midnight.',
  },
  borrow_not_allowed: {
    status: 403,
    title: 'Seats of this licence cannot be borrowed',
    example: 'The vendor has not sold this licence with borrowing.',
  },
  borrow_too_long: {
    status: 403,
    title: 'A seat cannot be borrowed for so long',
    example: 'A seat of this licence may be borrowed for 604800 seconds.',
  },
  imported_keys_off: {
    status: 403,
    title: 'Keys of an older system are not taken over',
    example: 'Set IMPORTED_KEYS=on to create licences with keys of an older system.',
  },
  billing_off: {
    status: 403,
    title: 'Nothing is sold through Stripe',
    example: 'Set STRIPE_WEBHOOK_SECRET to apply the events of a Stripe account.',
  },
  not_found: { status: 404, title: 'Not found', example: 'There is no tenant with this id.' },
  license_not_found: {
    status: 404,
    title: 'No such licence',
    example: 'The key was typed wrongly, replaced, or never issued.',
  },
  session_not_found: {
    status: 404,
    title: 'No such session',
    example: 'The id was never issued, or has ended more than 90 days ago.',
  },
  ticket_not_found: {
    status: 404,
    title: 'No such ticket',
    example: 'The machine has got its seat, or has stopped asking for it.',
  },
  method_not_allowed: { status: 405, title: 'Method not allowed', example: 'Use GET or HEAD.' },
  conflict: { status: 409, title: 'Conflict', example: 'A tenant keeps at least one owner.' },
  seat_limit_exceeded: {
    status: 409,
    title: 'The tenant has no seats left to give',
    example: 'The licences of this tenant may have 100 seats in total.',
  },
  key_in_use: {
    status: 409,
    title: 'The key opens another licence',
    example: 'End it there, or archive that licence, before it is taken over again.',
  },
  held_elsewhere: {
    status: 409,
    title: 'The seat is in use elsewhere',
    example: 'Another machine has the seat.',
  },
  early_return_not_allowed: {
    status: 409,
    title: 'A borrowed seat comes back at its end',
    example: 'The seat was borrowed until a time that has not come.',
  },
  session_borrowed: {
    status: 409,
    title: 'The seat is borrowed',
    example: 'A copy of the licence works without the server until then.',
  },
  recall_limit_reached: {
    status: 409,
    title: 'No more recalls',
    example: 'The tenant may recall 2 borrowed seats of this licence in 365 days.',
  },
  session_ended: { status: 410, title: 'The session has ended', example: 'The reason is "expired".' },
  payload_too_large: {
    status: 413,
    title: 'The request is too large',
    example: 'The body may have at most 65536 bytes.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    example: 'The body must be application/json.',
  },
  envelope_invalid: {
    status: 422,
    title: 'The sealed payload cannot be opened',
    example: 'The payload was altered, cut short, or sealed under a different task id.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'The idempotency key belongs to another request',
    example: 'The first request with this key had another body.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The repeat came too early',
    example: 'The first request with this Idempotency-Key is still in progress.',
  },
  task_ended: {
    status: 409,
    title: 'The task has ended',
    example: 'Its payload is gone, so nothing can be run.',
  },
  rate_limited: { status: 429, title: 'Too many requests', example: 'The limit is 1000 requests an hour.' },
  internal: { status: 500, title: 'Internal error', example: 'The log has the cause under this request id.' },
  dependency_unavailable: {
    status: 503,
    title: 'A service we depend on is unavailable',
    example: 'The document store does not answer right now.',
  },
  signing_unavailable: {
    status: 503,
    title: 'Signing is unavailable',
    example: 'Cloud KMS returned no valid signature.',
  },
};

/** Seconds, for 429 and 503 without a better value. */
const DEFAULT_RETRY_AFTER = 5;

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The problem document (RFC 9457) of an error. An error that is not a Fault becomes `internal`, and its message is not sent. */
export function toProblem(error: unknown, requestId: string): ProblemResponse {
  const fault = error instanceof Fault ? error : new Fault('internal', PROBLEMS.internal.example);
  const { status, title } = PROBLEMS[fault.code];
  const retryAfter = fault.retryAfter ?? (status === 429 || status === 503 ? DEFAULT_RETRY_AFTER : undefined);
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    },
    body: {
      type: `urn:countersign:problem:${fault.code}`,
      title,
      status,
      detail: fault.message,
      code: fault.code,
      request_id: requestId,
      ...(fault.errors === undefined ? {} : { errors: fault.errors }),
      ...fault.extra,
    },
  };
}
