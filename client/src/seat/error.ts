import type { RefusalReason } from '../license/result.ts';

/** What a person can do about each. Where the server says more, it is added. */
const ADVICE = {
  no_seats_available: 'All seats of the licence are in use: close the program on another machine, or set `wait`.',
  license_not_found: 'There is no licence with this key: check how it was typed or copied.',
  license_expired: 'The licence has ended: renew it with your vendor.',
  license_suspended: 'The licence is suspended: ask your vendor why.',
  license_invalid: 'The server answered a licence that does not verify, so it was not used.',
  invalid_request: 'The server does not understand the request: check the options, and update this library.',
  unreachable:
    'The licence server could not be reached: check the URL and the connection; `patience` says how long is tried.',
  aborted: 'The signal was aborted before a seat was held.',
} as const;

export type SeatErrorCode = keyof typeof ADVICE;

export interface SeatErrorDetails {
  readonly detail?: string | undefined;
  readonly seatsUsed?: number | undefined;
  readonly seatsTotal?: number | undefined;
  /** For `license_invalid`: what was wrong with it. */
  readonly reason?: RefusalReason | undefined;
  readonly cause?: unknown;
}

/** Why `holdSeat` holds no seat. The message says what to do; decide by `code`. */
export class SeatError extends Error {
  readonly code: SeatErrorCode;
  readonly seatsUsed: number | undefined;
  readonly seatsTotal: number | undefined;
  readonly reason: RefusalReason | undefined;

  constructor(code: SeatErrorCode, { detail, seatsUsed, seatsTotal, reason, cause }: SeatErrorDetails = {}) {
    super(detail === undefined ? ADVICE[code] : `${ADVICE[code]} (${detail})`, { cause });
    this.name = 'SeatError';
    this.code = code;
    this.seatsUsed = seatsUsed;
    this.seatsTotal = seatsTotal;
    this.reason = reason;
  }
}
