import type { RefusalReason } from '../license/result.ts';
import type { FailureCode, Unavailable } from './failure.ts';

/** What happened and what a person can do about it. */
export const ADVICE = {
  no_seats_available: 'All seats of the licence are in use: close the program on another machine, or set `wait`.',
  license_not_found: 'There is no licence with this key: check how it was typed or copied.',
  license_expired: 'The licence has ended: renew it with your vendor.',
  license_suspended: 'The licence is suspended: ask your vendor why.',
  queue_full: 'All seats are in use, and so is every place in the queue: try again later.',
  machine_limit_reached:
    'The licence was used on as many machines as it allows today: use one of them, or try tomorrow.',
  unauthenticated: 'The licence is for named users: use the key that is your own.',
  user_not_named: 'You are not on the list of users of the licence: ask its administrator.',
  held_elsewhere: 'You hold a seat on another machine: close the program there.',
  borrow_not_allowed: 'Seats of this licence cannot be borrowed: ask your vendor for it.',
  borrow_too_long: 'Seats of this licence cannot be borrowed for so long: ask for less.',
  no_borrow_available: 'As many seats are borrowed as may be at once: return one, or try again later.',
  early_return_not_allowed: 'Borrowed seats of this licence do not come back before their time.',
  not_borrowed: 'There is no borrowed seat here.',
  not_held: 'The seat is not held any more: take one first.',
  borrowed_as_file: 'The seat was borrowed as a file, by an administrator: only they can return it.',
  license_invalid: 'The licence does not verify, so it was not used.',
  clock_wrong: 'The clock of this machine differs from the time of the licence server by too much: set the clock.',
  invalid_request: 'The server does not understand the request: check the options, and update this library.',
  aborted: 'The signal was aborted before a seat was held.',
};

/** What a server may answer to who asks for a seat. */
export const REFUSALS = [
  'no_seats_available',
  'queue_full',
  'borrow_not_allowed',
  'borrow_too_long',
  'no_borrow_available',
  'machine_limit_reached',
  'unauthenticated',
  'user_not_named',
  'held_elsewhere',
  'license_expired',
  'license_suspended',
  'license_not_found',
  'invalid_request',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** The codes whose advice is general, so that the detail is added. To the others a detail would say the advice again. */
const EXPLAINED: ReadonlySet<string> = new Set<keyof typeof ADVICE>([
  'license_invalid',
  'clock_wrong',
  'invalid_request',
]);

export type SeatErrorCode = keyof typeof ADVICE | FailureCode;

/** @internal */
export interface SeatErrorDetails {
  readonly detail?: string | undefined;
  readonly seatsUsed?: number | undefined;
  readonly seatsTotal?: number | undefined;
  /** For `license_invalid` and `clock_wrong`: what was wrong with the licence that was answered. */
  readonly reason?: RefusalReason | undefined;
  /** Milliseconds, where the server said when to come back. */
  readonly retryAfter?: number | undefined;
  /** For `borrow_too_long`: the most seconds. */
  readonly maxSeconds?: number | undefined;
  /** For `early_return_not_allowed`: milliseconds since the epoch. */
  readonly borrowedUntil?: number | undefined;
  readonly cause?: unknown;
}

/** A licence of an earlier run that could not stand in for the server. */
export interface KeptLicense {
  /** `none`: nothing is kept; else why it was refused. */
  readonly reason: RefusalReason | 'none';
  readonly message: string;
}

/** Why `holdSeat` holds no seat, or why one was not borrowed or returned. The message says what to do; decide by `code`. */
export class SeatError extends Error {
  readonly code: SeatErrorCode;
  readonly seatsUsed: number | undefined;
  readonly seatsTotal: number | undefined;
  readonly reason: RefusalReason | undefined;
  readonly retryAfter: number | undefined;
  readonly maxSeconds: number | undefined;
  readonly borrowedUntil: number | undefined;
  /** When the server gave no answer: why there was no start with the licence of the last run either. */
  readonly kept: KeptLicense | undefined;

  private constructor(code: SeatErrorCode, message: string, details: SeatErrorDetails, kept?: KeptLicense) {
    super(message, { cause: details.cause });
    this.name = 'SeatError';
    this.code = code;
    this.seatsUsed = details.seatsUsed;
    this.seatsTotal = details.seatsTotal;
    this.reason = details.reason;
    this.retryAfter = details.retryAfter;
    this.maxSeconds = details.maxSeconds;
    this.borrowedUntil = details.borrowedUntil;
    this.kept = kept;
  }

  /** The server answered, or the program gave up. @internal */
  static of(code: keyof typeof ADVICE, details: SeatErrorDetails = {}): SeatError {
    const detail = EXPLAINED.has(code) ? details.detail : undefined;
    return new SeatError(code, detail === undefined ? ADVICE[code] : `${ADVICE[code]} (${detail})`, details);
  }

  /** The server gave no answer; at a start no licence is kept that could stand in for it, either. @internal */
  static unavailable({ code, message, cause, retryAfter }: Unavailable, kept?: KeptLicense): SeatError {
    return new SeatError(code, kept ? `${message} ${kept.message}` : message, { cause, retryAfter }, kept);
  }
}
