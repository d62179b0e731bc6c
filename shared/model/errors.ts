import type { FieldValue } from '../store/store.ts';

/**
 * The errors that a caller can see. The codes are part of the contract: stable, and each with one HTTP status
 * (`shared/http/problem.ts`).
 */
export type FaultCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'no_seats_available'
  | 'queue_full'
  | 'no_borrow_available'
  | 'forbidden'
  | 'license_expired'
  | 'license_suspended'
  | 'user_not_named'
  | 'self_service_off'
  | 'machine_limit_reached'
  | 'borrow_not_allowed'
  | 'borrow_too_long'
  | 'imported_keys_off'
  | 'billing_off'
  | 'not_found'
  | 'license_not_found'
  | 'session_not_found'
  | 'ticket_not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'seat_limit_exceeded'
  | 'key_in_use'
  | 'held_elsewhere'
  | 'early_return_not_allowed'
  | 'session_borrowed'
  | 'recall_limit_reached'
  | 'session_ended'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'envelope_invalid'
  | 'idempotency_conflict'
  | 'idempotency_in_progress'
  | 'task_ended'
  | 'rate_limited'
  | 'internal'
  | 'dependency_unavailable'
  | 'signing_unavailable';

/** One invalid member of a request. The path joins member names and indices with dots. */
export interface InvalidMember {
  readonly path: string;
  readonly message: string;
}

/** The message about a member whose name the caller has made up. */
export const UNKNOWN_MEMBER = 'is an unknown member';

export interface FaultOptions {
  /** Additional members of the problem document, e.g. `seats_used`. */
  readonly extra?: Readonly<Record<string, FieldValue>>;
  readonly errors?: readonly InvalidMember[];
  /** Seconds until the caller may retry; sent as Retry-After. */
  readonly retryAfter?: number;
  /** The underlying error for operators: it is logged and never sent. */
  readonly cause?: unknown;
}

/** A coded error. Its message becomes the `detail` of the problem document; it contains no secret and no message of Google. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly extra: Readonly<Record<string, FieldValue>>;
  readonly errors: readonly InvalidMember[] | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: FaultCode, detail: string, options: FaultOptions = {}) {
    super(detail, { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.extra = options.extra ?? {};
    this.errors = options.errors;
    this.retryAfter = options.retryAfter;
  }
}

export const isFault = (error: unknown, ...codes: readonly FaultCode[]): error is Fault =>
  error instanceof Fault && (codes.length === 0 || codes.includes(error.code));

/**
 * The object store answered a deletion with 403 or 412: the object has another generation, we lack the right, or, to
 * an account without the right to list, the object does not exist.
 */
export class DeletionDeniedError extends Fault {
  constructor(cause: unknown) {
    super('dependency_unavailable', 'The object cannot be deleted.', { cause });
    this.name = 'DeletionDeniedError';
  }
}

/**
 * The `invalid_request` fault that lists every invalid member of a request.
 * @param errors at least one
 */
export function invalid(errors: readonly InvalidMember[]): Fault {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const detail = first === undefined ? 'Invalid.' : `${first.path || 'The body'}: ${first.message}${more}`;
  return new Fault('invalid_request', detail, { errors });
}
