import { type EndReason, type Session, shardOf } from '../model/session.ts';
import { newAnonymousName } from '../model/session-id.ts';
import type { Write } from '../store/store.ts';
import { deleteSlot, openSeat, type Random, remove, replace } from './session-writes.ts';

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
