import type { BorrowSlot } from '#shared/model/borrow-slot.ts';
import { isShrinking, type License } from '#shared/model/license.ts';
import type { Session } from '#shared/model/session.ts';
import type { Document } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** Where a new session's seat comes from. */
export type SeatSource =
  | { readonly kind: 'open'; readonly seat: Document }
  /** Another holder's session, which has expired. */
  | { readonly kind: 'expired'; readonly session: Session }
  /** Another holder's session, which the request names. */
  | { readonly kind: 'replaced'; readonly session: Session }
  /** The holder has it already, with another key, from another machine, because it is kept, or not borrowed. */
  | { readonly kind: 'own'; readonly session: Session }
  /** It is made for a holder whose borrowed session was ended. */
  | { readonly kind: 'orphan'; readonly orphan: BorrowSlot; readonly seat: string };

export interface FreeSeats {
  /** The next seat for whoever has none; undefined when there is none. */
  next(): SeatSource | undefined;
  /** An expired session whose borrow slot is below a number. */
  nextBorrowed(cap: number): SeatSource | undefined;
  /** Some seats are newer than the licence that was read; the next attempt reads both anew. */
  readonly isNewer: boolean;
}

export const NO_SEATS: FreeSeats = { next: () => undefined, nextBorrowed: () => undefined, isNewer: false };

export interface SeatSources extends FreeSeats {
  /** Whether a seat is as old as the licence that was read. The number of a newer one may be given out in this group. */
  isKnown(seat: string): boolean;
  /** Whether a session's seat may be taken from its holder in this group; it is not given out again. */
  take(session: Session): boolean;
}

/** Open seats first, then expired sessions of holders outside this group; each seat once. */
export function seatSources(
  { open, expired, rekeyed, replaced }: SeatSnapshot,
  license: License,
  requests: readonly AttemptedRequest[],
): SeatSources {
  // A seat that is newer than the licence that was read may belong to another kind of holder than this group asks for.
  const isKnown = (seat: string) => Number(seat) < license.next_seat;
  // The reads are not of one moment: the seat of a session that was read may be among the open ones, too.
  const kept = new Set([...rekeyed.values(), ...replaced.values()].map(({ seat }) => seat));
  const free = open.filter(({ id }) => !kept.has(id) && isKnown(id));
  const named = new Set([...kept, ...open.map(({ id }) => id)]);
  const holders = new Set(requests.map(({ holderId }) => holderId));
  const others = expired.filter(({ holder, seat }) => !holders.has(holder) && !named.has(seat) && isKnown(seat));
  const sources: SeatSource[] = isShrinking(license)
    ? []
    : [
        ...free.map((seat): SeatSource => ({ kind: 'open', seat })),
        ...others.map((session): SeatSource => ({ kind: 'expired', session })),
      ];
  const taken = new Set<string>();
  return {
    isNewer:
      !isShrinking(license) &&
      [...open.map(({ id }) => id), ...expired.map(({ seat }) => seat)].some((seat) => !isKnown(seat)),
    isKnown,
    next: () => sources.shift(),
    nextBorrowed(cap) {
      const isBorrowed = (source: SeatSource) =>
        source.kind === 'expired' && source.session.borrow_slot !== null && source.session.borrow_slot < cap;
      const index = sources.findIndex(isBorrowed);
      return index < 0 ? undefined : sources.splice(index, 1)[0];
    },
    take({ handle, holder, seat }) {
      if (taken.has(handle) || holders.has(holder) || !isKnown(seat)) return false;
      taken.add(handle);
      return true;
    },
  };
}
