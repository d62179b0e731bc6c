import { ENDED_RETENTION, type EndReason, type Session, type SessionFields } from '../model/session.ts';
import type { SessionName } from '../model/session-id.ts';
import type { Fields, Precondition, Write } from '../store/store.ts';
import { paths } from './paths.ts';

/**
 * The writes of which the commits of the seat protocol are made. The commits, each with what it requires of every
 * document, are in `claim-commits.ts`, `lease-commits.ts`, `end-commits.ts` and `license-commits.ts`. The protocol was
 * checked exhaustively as a Promela model (docs/seats.md). Each precondition that is not called spare there is needed:
 * without it an invariant breaks.
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

/** Requires that the holder has no session. */
export const createHolder = (fresh: NewSession): Write => ({
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

export const createSession = (fresh: NewSession): Write => ({
  op: 'create',
  path: paths.session(fresh.name.handle),
  fields: { ...fresh.fields, nonce: fresh.name.nonce },
});

/** The fields of the borrow slot that a new session has. */
export const slotOf = ({ name, fields }: NewSession, number: number): Fields => ({
  number,
  session: name.handle,
  holder: fields.holder,
  machine: fields.machine,
  until: fields.borrowed_until,
  orphan: false,
});

/**
 * The slot of a session that ends, and of the one that begins in its place. The slot of a live session names it, as seat
 * and holder do, so what requires the old session may write its slot without asking. A slot that is taken anew is created,
 * which requires that nobody has it: so there are never more borrowed seats than slots.
 */
export function passSlot(old: Session | undefined, fresh: NewSession): Write[] {
  const { license_id, borrow_slot } = fresh.fields;
  const given = old?.borrow_slot ?? null;
  const freed: Write[] =
    given === null || given === borrow_slot ? [] : [{ op: 'delete', path: paths.borrow(license_id, given) }];
  if (borrow_slot === null) return freed;
  const path = paths.borrow(license_id, borrow_slot);
  const fields = slotOf(fresh, borrow_slot);
  return [...freed, given === borrow_slot ? { op: 'update', path, fields } : { op: 'create', path, fields }];
}

/** Requires that the old session is unchanged: a copy that was signed for it since would outlive what is known of it. */
export const replace = (
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

/** Ends a session, with what the caller requires of its document. Its seat and its slot are for the caller to write. */
export const remove = (
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

export const deleteSession = (handle: string, precondition: Precondition): Write => ({
  op: 'delete',
  path: paths.session(handle),
  precondition,
});

/** What is kept of a session that ends, in the commit that ends it. */
export const createEnded = (session: Session, reason: EndReason, now: number, seatsUsed: number | null): Write => ({
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

/** Gives the seat of a session that ends back to whoever asks next. */
export const openSeat = (session: Session, random: Random): Write => ({
  op: 'update',
  path: paths.seat(session.license_id, session.seat),
  fields: { open: random(), session: null },
});

/** Frees the borrow slot of a session that ends, if it has one. */
export const deleteSlot = ({ license_id, borrow_slot }: Session): Write[] =>
  borrow_slot === null ? [] : [{ op: 'delete', path: paths.borrow(license_id, borrow_slot) }];
