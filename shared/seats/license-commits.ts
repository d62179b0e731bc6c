import type { BorrowSlot } from '../model/borrow-slot.ts';
import { begun, type License } from '../model/license.ts';
import type { LeaseUnit } from '../model/seat-rules.ts';
import { borrowedUntil, type EndReason, expiredBefore, type Session } from '../model/session.ts';
import type { Document, Write } from '../store/store.ts';
import { paths } from './paths.ts';
import { createEnded, deleteSession, deleteSlot, type Random } from './session-writes.ts';

/** What is left to do of a change of seats, as the licence's document says it. */
export type Outlook = Pick<License, 'reconciling' | 'reconcile_at'>;

export const UNFINISHED: Outlook = { reconciling: true, reconcile_at: 0 };
export const FINISHED: Outlook = { reconciling: false, reconcile_at: 0 };

/** Nothing can be done before a moment: borrowed seats are waited for. */
export const waitUntil = (moment: number): Outlook => ({ reconciling: true, reconcile_at: moment });

/** Counts the seats of machines that come back to their orphans. What is left to reconcile is looked at again. */
export const growFor = (license: License, count: number): Write =>
  countSeats(license, license.seats + count, UNFINISHED, license.next_seat + count);

/** Creates open seats; the licence's `seats` counts them in the same commit. */
export const growSeats = (license: License, count: number, outlook: Outlook, random: Random): Write[] => [
  countSeats(license, license.seats + count, outlook, license.next_seat + count),
  ...Array.from(
    { length: count },
    (_, index): Write => ({
      op: 'create',
      path: paths.seat(license.id, String(license.next_seat + index)),
      fields: { open: random(), session: null },
    }),
  ),
];

/** Removes open seats, unless one of them was claimed since it was read. */
export const removeOpenSeats = (license: License, seats: readonly Document[], outlook: Outlook): Write[] => [
  countSeats(license, license.seats - seats.length, outlook),
  ...seats.map((seat): Write => ({ op: 'delete', path: seat.path, precondition: { lastUpdateTime: seat.updateTime } })),
];

/**
 * Removes held seats and ends their sessions. A copy that was borrowed works on: its slot stays, as an orphan, and the
 * licence has a seat less until it ends. A slot whose copy has ended goes with its session, unless it was borrowed for
 * longer since.
 */
export const removeHeldSeats = (
  license: License,
  sessions: readonly Session[],
  reason: EndReason,
  now: number,
  outlook: Outlook,
): Write[] => [
  countSeats(license, license.seats - sessions.length, outlook),
  ...sessions.flatMap((session): Write[] => {
    const works = borrowedUntil(session, expiredBefore(now)) !== undefined;
    const isOver = session.borrow_slot !== null && !works;
    return [
      deleteSession(session.handle, isOver ? { lastUpdateTime: session.updateTime } : { exists: true }),
      createEnded(session, reason, now, null),
      { op: 'delete', path: paths.holder(session.license_id, session.holder) },
      ...(works ? orphanSlot(session) : deleteSlot(session)),
      { op: 'delete', path: paths.seat(session.license_id, session.seat) },
    ];
  }),
];

/** Forgets slots whose session was ended and whose copies have ended since, unless their machine came back to one. */
export const dropSlots = (licenseId: string, slots: readonly BorrowSlot[]): Write[] =>
  slots.map(({ number, updateTime }) => ({
    op: 'delete',
    path: paths.borrow(licenseId, number),
    precondition: { lastUpdateTime: updateTime },
  }));

/** Says of the licence what is left to do, if anything, when its seats need no change now. */
export const reconciled = (license: License, outlook: Outlook): Write[] => [
  countSeats(license, license.seats, outlook),
];

/**
 * Changes what the seats are leased per. Only while there is no seat, and so no session: what was planned for a session
 * of the old kind names a seat or a session that is gone.
 */
export const changeLeaseUnit = (license: License, unit: LeaseUnit): Write[] => [
  {
    op: 'update',
    path: paths.license(license.id),
    fields: { lease_per: unit, next_lease_per: null, ...UNFINISHED },
    lastUpdateTime: license.updateTime,
  },
];

/**
 * Begins a licence whose time starts with its first seat, in the commit that takes the seat. Requires that the licence is
 * unchanged, or another first seat that is taken at the same time would begin it again and move its end.
 */
export const beginLicense = (license: License, now: number): Write => {
  const { started_at, expires_at } = begun(license, now);
  return {
    op: 'update',
    path: paths.license(license.id),
    fields: { started_at, expires_at },
    lastUpdateTime: license.updateTime,
  };
};

/** Every change of the number of seat documents requires that the licence has not changed since it was read. */
const countSeats = (license: License, seats: number, outlook: Outlook, nextSeat = license.next_seat): Write => ({
  op: 'update',
  path: paths.license(license.id),
  fields: { seats, ...outlook, next_seat: nextSeat },
  lastUpdateTime: license.updateTime,
});

const orphanSlot = ({ license_id, borrow_slot }: Session): Write[] =>
  borrow_slot === null ? [] : [{ op: 'update', path: paths.borrow(license_id, borrow_slot), fields: { orphan: true } }];
