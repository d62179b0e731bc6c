import type { BorrowSlot } from '../model/borrow-slot.ts';
import type { Session } from '../model/session.ts';
import type { Document, Write } from '../store/store.ts';
import { paths } from './paths.ts';
import { createHolder, createSession, type NewSession, passSlot, remove, replace, slotOf } from './session-writes.ts';

/** Takes an open seat. `seat` is the document as the query returned it. */
export const claim = (fresh: NewSession, seat: Document): Write[] => [
  {
    op: 'update',
    path: seat.path,
    fields: { open: null, session: fresh.name.handle },
    lastUpdateTime: seat.updateTime,
  },
  createHolder(fresh),
  createSession(fresh),
  ...passSlot(undefined, fresh),
];

/**
 * Ends another holder's session and takes its seat, unless it has changed since it was read: an expired one that a
 * heartbeat prolonged is not expired any more.
 * @param reason `reclaimed` for an expired one; `moved` for one that whoever has the licence key may end
 */
export const takeOver = (
  fresh: NewSession,
  old: Session,
  now: number,
  reason: 'reclaimed' | 'moved' = 'reclaimed',
): Write[] => [
  ...remove(old, reason, now, { lastUpdateTime: old.updateTime }),
  { op: 'update', path: paths.seat(old.license_id, old.seat), fields: { session: fresh.name.handle } },
  createHolder(fresh),
  createSession(fresh),
  ...passSlot(old, fresh),
];

/**
 * Replaces a holder's session by a new one on the same seat: release and claim in one commit. Needed when the licence
 * key has changed, because the old session's id derives from the old key, when the machine comes back to a seat that is
 * kept for it, when a user comes from another machine (`moved`), and when the seat is borrowed (`borrowed`): what a session
 * is made of never changes.
 */
export const handOver = (
  fresh: NewSession,
  old: Session,
  now: number,
  reason: 'reclaimed' | 'moved' | 'borrowed' = 'reclaimed',
): Write[] => replace(fresh, old, reason, now, null);

/**
 * A machine comes back to its orphan, the slot of a session that was ended while its copy works: with a seat of its own,
 * which covers the copy as the missing seat did. Needs `growFor` in the same commit, once for all who come back.
 * @param seat the number of the new seat
 */
export const readopt = (fresh: NewSession, orphan: BorrowSlot): Write[] => [
  {
    op: 'create',
    path: paths.seat(fresh.fields.license_id, fresh.fields.seat),
    fields: { open: null, session: fresh.name.handle },
  },
  createHolder(fresh),
  createSession(fresh),
  {
    op: 'update',
    path: paths.borrow(fresh.fields.license_id, orphan.number),
    fields: slotOf(fresh, orphan.number),
    lastUpdateTime: orphan.updateTime,
  },
];

/**
 * Notes a session that a named user gets, in the commit that creates it. It requires that the user is on the list, and
 * changes the document, so that a removal that has read it before fails and finds the session.
 */
export const noteNamedUser = (licenseId: string, user: string, handle: string, now: number): Write => ({
  op: 'update',
  path: paths.user(licenseId, user),
  fields: { session: handle, last_acquired_at: now },
});
