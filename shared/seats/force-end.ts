import { readLicense } from '../model/license.ts';
import { borrowedUntil, type EndReason, expiredBefore, type Session } from '../model/session.ts';
import type { DocumentReader, Write } from '../store/store.ts';
import { release, releaseUnchanged } from './end-commits.ts';
import { removeHeldSeats, UNFINISHED } from './license-commits.ts';
import { paths } from './paths.ts';
import type { Random } from './session-writes.ts';

/**
 * The writes that end a session whether or not it is borrowed. The copy of a borrowed one works on, so its seat goes with
 * it until the copy has ended.
 * @param now milliseconds since the epoch
 */
export async function planForcedEnd(
  store: Pick<DocumentReader, 'get'>,
  session: Session,
  reason: EndReason,
  now: number,
  random: Random,
): Promise<Write[]> {
  if (session.borrow_slot === null) return release(session, reason, now, random);
  const isOver = borrowedUntil(session, expiredBefore(now)) === undefined;
  const [document] = isOver ? [] : await store.get([paths.license(session.license_id)]);
  // A session whose borrowed time is over may have been borrowed for longer since it was read.
  if (document === undefined) return releaseUnchanged(session, reason, now, random);
  return removeHeldSeats(readLicense(document), [session], reason, now, UNFINISHED);
}
