import { Fault } from '#shared/model/errors.ts';
import { isShrinking, type License } from '#shared/model/license.ts';
import type { Fields } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { describeHolder } from './holders.ts';
import type { SeatSnapshot } from './snapshot.ts';

/**
 * The count was read at another moment than the seats, of which none is open any more; those of a licence that shrinks may
 * be open and are given to nobody.
 */
export function noSeatsAvailable(license: License, used: number, more: Fields = {}): Fault {
  return new Fault('no_seats_available', 'Release a seat, or wait until a lease expires.', {
    extra: {
      seats_used: isShrinking(license) ? used : Math.max(used, license.seats),
      seats_total: license.max_seats,
      ...more,
    },
  });
}

/** Named where the licence offers it, so that a program can say in one trip who has the seats. */
export const holdersFor = ({ machine }: AttemptedRequest, { license, shown }: SeatSnapshot) =>
  license?.self_service.holders === 'names'
    ? { holders: shown.map((session) => describeHolder(session, machine)) }
    : {};
