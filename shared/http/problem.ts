import { Fault, type FaultCode } from '../model/errors.ts';

/** The one table from error code to HTTP status and title. */
export const PROBLEMS: Readonly<Record<FaultCode, { readonly status: number; readonly title: string }>> = {
  invalid_request: { status: 400, title: 'The request is invalid' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  no_seats_available: { status: 402, title: 'All seats are in use' },
  forbidden: { status: 403, title: 'Not allowed' },
  license_expired: { status: 403, title: 'The licence has expired' },
  license_suspended: { status: 403, title: 'The licence is suspended' },
  not_found: { status: 404, title: 'Not found' },
  license_not_found: { status: 404, title: 'No such licence' },
  session_not_found: { status: 404, title: 'No such session' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  conflict: { status: 409, title: 'Conflict' },
  seat_limit_exceeded: { status: 409, title: 'The tenant has no seats left to give' },
  session_ended: { status: 410, title: 'The session has ended' },
  payload_too_large: { status: 413, title: 'The request is too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  envelope_invalid: { status: 422, title: 'The sealed payload cannot be opened' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Internal error' },
  dependency_unavailable: { status: 503, title: 'A service we depend on is unavailable' },
  signing_unavailable: { status: 503, title: 'Signing is unavailable' },
};

/** Answers that mean "later" always say when. */
const DEFAULT_RETRY_AFTER = 5;

export interface ProblemResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** RFC 9457. What is not a Fault becomes `internal`, and nothing of it is told. */
export function toProblem(error: unknown, requestId: string): ProblemResponse {
  const fault = error instanceof Fault ? error : new Fault('internal', 'Something went wrong on our side.');
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
