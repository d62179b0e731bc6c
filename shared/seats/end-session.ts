import type { License } from '../model/license.ts';
import type { EndReason, Session } from '../model/session.ts';
import type { Write } from '../store/store.ts';
import { linger, type Random, release, releaseUnchanged } from './commits.ts';

export interface EndingSession {
  readonly session: Session;
  /** Undefined when it is gone; its seats then are free at once. */
  readonly license: Pick<License, 'release' | 'hold_seconds'> | undefined;
  readonly reason: EndReason;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Places the seat in the order in which open seats are tried. */
  readonly random: Random;
  /** Seats of the licence that are taken, this session's included; kept with the ended session for a repeated release. */
  readonly used?: number;
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
 * signed copy has ended, and the session must be as it was read: a copy may have been signed for it since. With
 * `hold_seconds` a seat that the machine gives back is kept for it for so long.
 */
export function planEnd({ session, license, reason, now, random, used, asLast = false }: EndingSession): SessionEnd {
  const isAfterCopy = license?.release === 'after_copy';
  const keptUntil = Math.max(
    isAfterCopy ? session.copy_until : 0,
    reason === 'released' ? now + (license?.hold_seconds ?? 0) * 1000 : 0,
  );
  if (!session.lingering && keptUntil > now) {
    return { writes: linger(session, keptUntil, reason, now, used), seatsUsed: used ?? 0 };
  }
  const seatsUsed = Math.max(0, (used ?? 0) - 1);
  const free = isAfterCopy || asLast ? releaseUnchanged : release;
  return { writes: free(session, reason, now, random, used === undefined ? null : seatsUsed), seatsUsed };
}
