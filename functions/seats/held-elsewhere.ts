import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { borrowedUntil, type Session } from '#shared/model/session.ts';
import { sessionBorrowed } from './borrow.ts';

/** The user's seat is on another machine, which is the user's own: its name is no secret to whoever asks. */
export const heldElsewhere = ({ hostname, last_heartbeat }: Pick<Session, 'hostname' | 'last_heartbeat'>): Fault =>
  new Fault('held_elsewhere', 'Another machine has the seat.', {
    extra: { hostname, last_heartbeat: formatTime(last_heartbeat) },
  });

/**
 * Why a session's seat leaves its machine for nobody: a copy works there without the server. With `after_copy` every copy
 * that works has a seat of its machine's for as long, a borrowed one always.
 */
export function copyInUse(session: Session, { release }: License, now: number): Fault | undefined {
  if (borrowedUntil(session, now) !== undefined) return sessionBorrowed(session);
  return release === 'after_copy' && session.copy_until > now ? heldElsewhere(session) : undefined;
}
