import type { RefusalReason } from '../license/result.ts';
import type { FailureCode, Unavailable } from './failure.ts';

/** What happened and what a person can do about it. */
const ADVICE = {
  no_seats_available: 'All seats of the licence are in use: close the program on another machine, or set `wait`.',
  license_not_found: 'There is no licence with this key: check how it was typed or copied.',
  license_expired: 'The licence has ended: renew it with your vendor.',
  license_suspended: 'The licence is suspended: ask your vendor why.',
  license_invalid: 'The server answered a licence that does not verify, so it was not used.',
  clock_wrong: 'The clock of this machine differs from the time of the licence server by too much: set the clock.',
  invalid_request: 'The server does not understand the request: check the options, and update this library.',
  aborted: 'The signal was aborted before a seat was held.',
};

/** The codes whose advice is general, so that the detail is added. To the others a detail would say the advice again. */
const EXPLAINED: ReadonlySet<string> = new Set<keyof typeof ADVICE>([
  'license_invalid',
  'clock_wrong',
  'invalid_request',
]);

export type SeatErrorCode = keyof typeof ADVICE | FailureCode;

export interface SeatErrorDetails {
  readonly detail?: string | undefined;
  readonly seatsUsed?: number | undefined;
  readonly seatsTotal?: number | undefined;
  /** For `license_invalid` and `clock_wrong`: what was wrong with the licence that was answered. */
  readonly reason?: RefusalReason | undefined;
  /** Milliseconds, where the server said when to come back. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A licence of an earlier run that could not stand in for the server. */
export interface KeptLicense {
  /** `none`: nothing is kept; else why it was refused. */
  readonly reason: RefusalReason | 'none';
  readonly message: string;
}

/** Why `holdSeat` holds no seat. The message says what to do; decide by `code`. */
export class SeatError extends Error {
  readonly code: SeatErrorCode;
  readonly seatsUsed: number | undefined;
  readonly seatsTotal: number | undefined;
  readonly reason: RefusalReason | undefined;
  readonly retryAfter: number | undefined;
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
    this.kept = kept;
  }

  /** The server answered, or the program gave up. */
  static of(code: keyof typeof ADVICE, details: SeatErrorDetails = {}): SeatError {
    const detail = EXPLAINED.has(code) ? details.detail : undefined;
    return new SeatError(code, detail === undefined ? ADVICE[code] : `${ADVICE[code]} (${detail})`, details);
  }

  /** The server gave no answer, and no licence is kept that could stand in for it. */
  static unavailable({ code, message, cause, retryAfter }: Unavailable, kept: KeptLicense): SeatError {
    return new SeatError(code, `${message} ${kept.message}`, { cause, retryAfter }, kept);
  }
}
