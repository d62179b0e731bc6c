import type { Failure } from './api/request-error.ts';
import { T } from './texts.ts';

export interface Words {
  readonly title: string;
  readonly detail: string;
}

/** Codes whose own words say more than their status. */
const BY_CODE: Readonly<Record<string, { readonly title: string; readonly detail?: string }>> = {
  seat_limit_exceeded: { title: T.failure.seatLimit },
  borrow_not_allowed: { title: T.failure.borrowOff },
  borrow_too_long: { title: T.failure.borrowLong },
  no_borrow_available: { title: T.failure.borrowFull, detail: T.failure.borrowFullDetail },
  no_seats_available: { title: T.failure.noSeats, detail: T.failure.noSeatsDetail },
  machine_limit_reached: { title: T.failure.machines },
  license_expired: { title: T.failure.expired },
  license_suspended: { title: T.failure.suspended },
  signing_unavailable: { title: T.failure.unsigned, detail: T.failure.unsignedDetail },
  recall_limit_reached: { title: T.failure.recallsOver },
  session_borrowed: { title: T.failure.borrowedSeat },
  self_service_off: { title: T.failure.selfServiceOff },
};

/**
 * What a failure means for the person, and what can be done.
 * @param act something was to be changed, and not only read
 */
export function wordsFor({ status, code, detail = '', retryAfter }: Failure, act: boolean): Words {
  const known = BY_CODE[code];
  if (known !== undefined) return { detail, ...known };
  const { failure } = T;
  switch (status) {
    case 0:
      return { title: failure.offline, detail: act ? failure.offlineAct : failure.offlineRead };
    case 400:
      return { title: failure.invalid, detail };
    case 401:
      return { title: failure.signedOut, detail: failure.signedOutDetail };
    case 403:
      return { title: failure.forbidden, detail };
    case 404:
      return { title: failure.notFound, detail: failure.notFoundDetail };
    case 409:
      return { title: failure.conflict, detail };
    case 429:
      return { title: failure.busy, detail: failure.busyDetail(retryAfter) };
    case 502:
    case 503:
    case 504:
      return { title: failure.down, detail: act ? failure.downDetail(retryAfter) : failure.downRead(retryAfter) };
    default:
      return status >= 500
        ? { title: failure.internal, detail: failure.internalDetail }
        : { title: failure.other, detail };
  }
}
