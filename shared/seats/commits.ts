import type { BorrowSlot } from '../model/borrow-slot.ts';
import { begun, type License } from '../model/license.ts';
import type { LeaseUnit } from '../model/seat-rules.ts';
import {
  borrowedUntil,
  ENDED_RETENTION,
  type EndReason,
  expiredBefore,
  type Session,
  type SessionFields,
  shardOf,
} from '../model/session.ts';
import { newAnonymousName, type SessionName } from '../model/session-id.ts';
import type { Document, Fields, Precondition, Write } from '../store/store.ts';
import { paths } from './paths.ts';
import { programField } from './programs.ts';

/**
 * Every commit of the seat protocol: what it writes, and what it requires of each document. The protocol was checked
 * exhaustively as a Promela model (docs/seats.md). Each precondition that is not called spare there is needed: without
 * it an invariant breaks.
 *
 * The session document is the lock. A session's seat and holder never change and the three documents are written
 * together, so "session s exists" implies that its seat and its holder document name s.
 */

/** An open seat's `open` is a random number, so that instances that look for a seat start at different places. */
export type Random = () => number;

/** A session that a commit creates. Its name is used in this one attempt only. */
export interface NewSession {
  readonly name: Pick<SessionName, 'handle' | 'nonce'>;
  readonly fields: Omit<SessionFields, 'nonce'>;
}

const createHolder = (fresh: NewSession): Write => ({
  op: 'create',
  path: paths.holder(fresh.fields.license_id, fresh.fields.holder),
  fields: holderOf(fresh),
});

const holderOf = ({ name, fields }: NewSession) => ({
  session: name.handle,
  nonce: name.nonce,
  machine: fields.machine,
  borrow_slot: fields.borrow_slot,
  borrowed_until: fields.borrowed_until,
});

const createSession = (fresh: NewSession): Write => ({
  op: 'create',
  path: paths.session(fresh.name.handle),
  fields: { ...fresh.fields, nonce: fresh.name.nonce },
});

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
 * The slot of a session that ends, and of the one that begins in its place. The slot of a live session names it, as seat
 * and holder do, so what requires the old session may write its slot without asking. A slot that is taken anew is created,
 * which requires that nobody has it: so there are never more borrowed seats than slots.
 */
function passSlot(old: Session | undefined, fresh: NewSession): Write[] {
  const { license_id, borrow_slot } = fresh.fields;
  const given = old?.borrow_slot ?? null;
  const freed: Write[] =
    given === null || given === borrow_slot ? [] : [{ op: 'delete', path: paths.borrow(license_id, given) }];
  if (borrow_slot === null) return freed;
  const path = paths.borrow(license_id, borrow_slot);
  const fields = slotOf(fresh, borrow_slot);
  return [...freed, given === borrow_slot ? { op: 'update', path, fields } : { op: 'create', path, fields }];
}

const slotOf = ({ name, fields }: NewSession, number: number): Fields => ({
  number,
  session: name.handle,
  holder: fields.holder,
  machine: fields.machine,
  until: fields.borrowed_until,
  orphan: false,
});

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
 * Ends a session whose copies still work: another one, whose id nobody has, keeps the seat for its machine until then. It
 * begins where the other ends, so that the intervals of a seat's sessions never overlap.
 */
export const linger = (
  old: Session,
  until: number,
  reason: EndReason,
  now: number,
  seatsUsed: number | null = null,
): Write[] => {
  const name = newAnonymousName();
  const { handle: _handle, nonce: _nonce, updateTime: _updateTime, ...fields } = old;
  const kept = {
    ...fields,
    acquired_at: now,
    expires_at: until,
    lingering: true,
    borrow_slot: null,
    borrowed_until: null,
    programs: {},
    shard: shardOf(name.handle),
  };
  return replace({ name, fields: kept }, old, reason, now, seatsUsed);
};

/** Requires that the old session is unchanged: a copy that was signed for it since would outlive what is known of it. */
const replace = (
  fresh: NewSession,
  old: Session,
  reason: EndReason,
  now: number,
  seatsUsed: number | null,
): Write[] => [
  deleteSession(old.handle, { lastUpdateTime: old.updateTime }),
  createEnded(old, reason, now, seatsUsed),
  { op: 'update', path: paths.seat(old.license_id, old.seat), fields: { session: fresh.name.handle } },
  {
    op: 'update',
    path: paths.holder(old.license_id, old.holder),
    fields: holderOf(fresh),
  },
  createSession(fresh),
  ...passSlot(old, fresh),
];

/**
 * A program leaves a seat that another program of its machine goes on with. Requires that nothing changed since the
 * session was read: of two programs that leave at the same time, one must see that it is the last.
 */
export const leave = (session: Session, program: string): Write => ({
  op: 'update',
  path: paths.session(session.handle),
  fields: {},
  remove: [programField(program)],
  lastUpdateTime: session.updateTime,
});

/**
 * Notes a session that a named user gets, in the commit that creates it. It requires that the user is on the list, and
 * changes the document, so that a removal that has read it before fails and finds the session.
 */
export const noteNamedUser = (licenseId: string, user: string, handle: string, now: number): Write => ({
  op: 'update',
  path: paths.user(licenseId, user),
  fields: { session: handle, last_acquired_at: now },
});

export interface Renewal {
  readonly now: number;
  readonly expiresAt: number;
  /** The end of the copy that is signed with it, if one is. */
  readonly copyUntil?: number | undefined;
  /** Programs of the machine that were heard of. */
  readonly programs?: Iterable<string>;
  /** The client details of a machine that acquires again. */
  readonly details?: Fields;
}

/**
 * Prolongs a lease. The update requires that the session exists; `maximum` never shortens what another heartbeat was
 * answered.
 */
export const renew = (handle: string, { now, expiresAt, copyUntil, programs = [], details = {} }: Renewal) => ({
  op: 'update' as const,
  path: paths.session(handle),
  fields: details,
  maximum: {
    last_heartbeat: now,
    expires_at: expiresAt,
    ...(copyUntil === undefined ? {} : { copy_until: copyUntil }),
    ...Object.fromEntries([...programs].map((program) => [programField(program), now])),
  },
});

/** What is known of a borrowed session, from its holder document. */
export interface Borrowed {
  readonly handle: string;
  readonly license_id: string;
  readonly holder: string;
  readonly borrow_slot: number;
}

/** Borrows a borrowed seat for longer, never shorter. Requires the session; holder and slot exist with it. */
export const extend = (
  { handle, license_id, holder, borrow_slot }: Borrowed,
  until: number,
  renewal: Renewal,
): Write[] => {
  const renewed = renew(handle, renewal);
  return [
    { ...renewed, maximum: { ...renewed.maximum, borrowed_until: until } },
    { op: 'update', path: paths.borrow(license_id, borrow_slot), fields: {}, maximum: { until } },
    { op: 'update', path: paths.holder(license_id, holder), fields: {}, maximum: { borrowed_until: until } },
  ];
};

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

/** Counts the seats of machines that come back to their orphans. What is left to reconcile is looked at again. */
export const growFor = (license: License, count: number): Write =>
  countSeats(license, license.seats + count, UNFINISHED, license.next_seat + count);

/** Forgets slots whose session was ended and whose copies have ended since, unless their machine came back to one. */
export const dropSlots = (licenseId: string, slots: readonly BorrowSlot[]): Write[] =>
  slots.map(({ number, updateTime }) => ({
    op: 'delete',
    path: paths.borrow(licenseId, number),
    precondition: { lastUpdateTime: updateTime },
  }));

/** Ends a session for its holder or an administrator. Requires existence only: heartbeats must not make it fail. */
export const release = (
  session: Session,
  reason: EndReason,
  now: number,
  random: Random,
  seatsUsed: number | null = null,
): Write[] => [
  ...remove(session, reason, now, { exists: true }, seatsUsed),
  ...deleteSlot(session),
  openSeat(session, random),
];

/**
 * The same, unless something has changed since the session was read: another program of its machine may have joined, or a
 * copy may have been signed, which would be left without a seat.
 */
export const releaseUnchanged: typeof release = (session, reason, now, random, seatsUsed = null) => [
  ...remove(session, reason, now, { lastUpdateTime: session.updateTime }, seatsUsed),
  ...deleteSlot(session),
  openSeat(session, random),
];

/** Ends a session that was read as expired, unless a heartbeat prolonged it since. */
export const reap = (session: Session, now: number, random: Random): Write[] => [
  ...remove(session, 'expired', now, { lastUpdateTime: session.updateTime }),
  ...deleteSlot(session),
  openSeat(session, random),
];

/** What is left to do of a change of seats, as the licence's document says it. */
export type Outlook = Pick<License, 'reconciling' | 'reconcile_at'>;

export const UNFINISHED: Outlook = { reconciling: true, reconcile_at: 0 };
export const FINISHED: Outlook = { reconciling: false, reconcile_at: 0 };

/** Nothing can be done before a moment: borrowed seats are waited for. */
export const waitUntil = (moment: number): Outlook => ({ reconciling: true, reconcile_at: moment });

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

/** Every change of the number of seat documents requires that the licence has not changed since it was read. */
const countSeats = (license: License, seats: number, outlook: Outlook, nextSeat = license.next_seat): Write => ({
  op: 'update',
  path: paths.license(license.id),
  fields: { seats, ...outlook, next_seat: nextSeat },
  lastUpdateTime: license.updateTime,
});

const orphanSlot = ({ license_id, borrow_slot }: Session): Write[] =>
  borrow_slot === null ? [] : [{ op: 'update', path: paths.borrow(license_id, borrow_slot), fields: { orphan: true } }];

const deleteSlot = ({ license_id, borrow_slot }: Session): Write[] =>
  borrow_slot === null ? [] : [{ op: 'delete', path: paths.borrow(license_id, borrow_slot) }];

const remove = (
  session: Session,
  reason: EndReason,
  now: number,
  guard: Precondition,
  seatsUsed: number | null = null,
): Write[] => [
  deleteSession(session.handle, guard),
  createEnded(session, reason, now, seatsUsed),
  { op: 'delete', path: paths.holder(session.license_id, session.holder) },
];

const deleteSession = (handle: string, precondition: Precondition): Write => ({
  op: 'delete',
  path: paths.session(handle),
  precondition,
});

const createEnded = (session: Session, reason: EndReason, now: number, seatsUsed: number | null): Write => ({
  op: 'create',
  path: paths.ended(session.handle),
  fields: {
    license_id: session.license_id,
    tenant_id: session.tenant_id,
    reason,
    ended_at: now,
    acquired_at: session.acquired_at,
    held_until: Math.min(now, session.expires_at),
    seats_used: seatsUsed,
  },
  deleteAfter: now + ENDED_RETENTION,
});

const openSeat = (session: Session, random: Random): Write => ({
  op: 'update',
  path: paths.seat(session.license_id, session.seat),
  fields: { open: random(), session: null },
});
