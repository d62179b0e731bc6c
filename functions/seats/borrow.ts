import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import { borrowCap, copiesUntil, type License } from '#shared/model/license.ts';
import { borrowedUntil, type Session } from '#shared/model/session.ts';
import type { AttemptedRequest, BorrowRequest } from './acquire-request.ts';
import type { Terms } from './eligibility.ts';
import type { SeatSnapshot } from './snapshot.ts';

/** Why a request may not borrow from its licence, whether or not anything is free; undefined when it may. */
export function unborrowable(wanted: BorrowRequest, { borrow }: License): Fault | undefined {
  if (borrow === null) return new Fault('borrow_not_allowed', 'The vendor has not sold this licence with borrowing.');
  const { max_seconds } = borrow;
  if ((wanted.seconds ?? 0) <= max_seconds) return undefined;
  const detail = `A seat of this licence may be borrowed for ${max_seconds} seconds.`;
  return new Fault('borrow_too_long', detail, { extra: { max_seconds } });
}

/** Until when a request borrows, at the licence's end at the latest; 0 when it does not. */
export function borrowEnd({ borrow: wanted }: AttemptedRequest, { license, now }: Terms): number {
  if (wanted === undefined) return 0;
  const seconds = wanted.seconds ?? license.borrow?.max_seconds ?? 0;
  return Math.min(copiesUntil(license, now), now + seconds * 1000);
}

/** The borrow slots of a licence, as a group of requests uses them up. */
export interface SlotSupply {
  /** Another free slot. */
  next(): number | undefined;
  /** How many are taken, those given here included. */
  taken(): number;
  /** No slot beyond the cap is taken, so that slots are given at all. */
  isOpen(): boolean;
}

export function slotSupply({ borrows }: SeatSnapshot, license: License): SlotSupply {
  const isOpen = !borrows.isBeyondCap;
  const free = borrows.free.filter((number) => number < borrowCap(license)).values();
  let taken = borrows.taken;
  return {
    next() {
      const number = isOpen ? free.next().value : undefined;
      if (number !== undefined) taken += 1;
      return number;
    },
    taken: () => taken,
    isOpen: () => isOpen,
  };
}

/** The slot of a new session. */
export interface TakenSlot {
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly until: number;
  /** How many slots of the licence are taken, this one included. */
  readonly taken: number;
}

/**
 * The slot that a request's new session gets.
 * @param session the one that the machine has: while it is borrowed its slot passes on, for as long at least
 * @returns undefined when it gets none, `none` when it wants one and there is none
 */
export function slotFor(
  request: AttemptedRequest,
  terms: Terms,
  slots: SlotSupply,
  session?: Session,
): TakenSlot | undefined | 'none' {
  const wanted = borrowEnd(request, terms);
  const held = session && borrowedUntil(session, terms.now);
  const own = session?.borrow_slot ?? null;
  if (held !== undefined && own !== null) {
    return { number: own, until: Math.max(held, wanted), taken: slots.taken() };
  }
  if (request.borrow === undefined) return undefined;
  if (own !== null && own < borrowCap(terms.license) && slots.isOpen()) {
    return { number: own, until: wanted, taken: slots.taken() };
  }
  const number = slots.next();
  return number === undefined ? 'none' : { number, until: wanted, taken: slots.taken() };
}

export const noBorrowAvailable = (license: License, taken: number): Fault =>
  new Fault('no_borrow_available', 'Wait until a borrowed seat comes back.', {
    extra: { seats_borrowed: taken, borrow_max_seats: borrowCap(license) },
  });

/** The slot of an expired session, which its new session gets with the seat. */
export function passedSlot(
  request: AttemptedRequest,
  source: { readonly kind: string; readonly session?: Session },
  terms: Terms,
  slots: SlotSupply,
): TakenSlot | undefined {
  const number = source.session?.borrow_slot ?? null;
  return number === null ? undefined : { number, until: borrowEnd(request, terms), taken: slots.taken() };
}

export const sessionBorrowed = ({ borrowed_until }: Session): Fault =>
  new Fault('session_borrowed', 'A copy of the licence works without the server until then.', {
    extra: { borrowed_until: formatTime(borrowed_until ?? 0) },
  });
