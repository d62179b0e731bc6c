import { formatTime } from '../license-format/time.ts';
import { Fault } from '../model/errors.ts';
import type { License } from '../model/license.ts';
import { borrowedUntil, type EndReason, type Session } from '../model/session.ts';
import type { Write } from '../store/store.ts';
import { linger, release, releaseUnchanged } from './end-commits.ts';
import type { Random } from './session-writes.ts';

export interface EndingSession {
  readonly session: Session;
  /** Undefined when it is gone; its seats then are free at once. */
  readonly license: Pick<License, 'release' | 'hold_seconds' | 'borrow'> | undefined;
  readonly reason: EndReason;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Places the seat in the order in which open seats are tried. */
  readonly random: Random;
  /** Seats of the licence that are taken, this session's included; kept with the ended session for a repeated release. */
  readonly used?: number | undefined;
  /** It is the last program of its machine that gives the seat back, unless another one has joined meanwhile. */
  readonly asLast?: boolean;
}

export interface SessionEnd {
  readonly writes: Write[];
  /** Seats that are taken afterwards. A seat that is kept for its machine counts. */
  readonly seatsUsed: number;
}

/**
 * How a machine or an administrator ends a session. With `after_copy` the seat is kept for the machine until the last
 * signed copy has ended, and the session must be as it was read: a copy may have been signed for it since. So must one whose
 * borrowed time is over: it may have been borrowed for longer since. With `hold_seconds` a seat that the machine gives back is
 * kept for it for so long.
 * @throws Fault `early_return_not_allowed`, `session_borrowed` for one whose borrowed time is not over
 */
export function planEnd({ session, license, reason, now, random, used, asLast = false }: EndingSession): SessionEnd {
  const until = borrowedUntil(session, now);
  if (until !== undefined) return planReturn({ session, license, reason, now, random, used }, until);
  const isAfterCopy = license?.release === 'after_copy';
  const keptUntil = Math.max(
    isAfterCopy ? session.copy_until : 0,
    reason === 'released' ? now + (license?.hold_seconds ?? 0) * 1000 : 0,
  );
  if (!session.lingering && keptUntil > now) {
    return { writes: linger(session, keptUntil, reason, now, used), seatsUsed: used ?? 0 };
  }
  const seatsUsed = Math.max(0, (used ?? 0) - 1);
  const free = isAfterCopy || asLast || session.borrow_slot !== null ? releaseUnchanged : release;
  return { writes: free(session, reason, now, random, used === undefined ? null : seatsUsed), seatsUsed };
}

/** A borrowed session ends before its time only by its holder, where that is allowed, or by a recall; its copy is trusted to be gone. */
function planReturn({ session, license, reason, now, random, used }: EndingSession, until: number): SessionEnd {
  const extra = { borrowed_until: formatTime(until) };
  if (reason === 'released' && license?.borrow?.early_return !== true) {
    throw new Fault('early_return_not_allowed', 'The seat was borrowed until a time that has not come.', { extra });
  }
  if (reason !== 'released' && reason !== 'recalled') {
    throw new Fault('session_borrowed', 'A copy of the licence works without the server until then.', { extra });
  }
  const seatsUsed = Math.max(0, (used ?? 0) - 1);
  return { writes: release(session, reason, now, random, used === undefined ? null : seatsUsed), seatsUsed };
}
