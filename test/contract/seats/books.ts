import type { EndReason } from '#shared/model/session.ts';
import { EXPIRY_SLACK } from '#shared/model/session.ts';
import type { View } from './view.ts';

/** What has been promised to the holder of one session, from the answers it was given. */
export interface Entry {
  readonly sessionId: string;
  readonly machine: number;
  /** The latest end of the lease that an answer named; milliseconds since the epoch. */
  readonly until: number;
  readonly releaseAsked: boolean;
  readonly released: boolean;
  /** Its machine has asked again with another key, which moves it to another session. */
  readonly moved: boolean;
}

export type Books = Map<string, Entry>;

export function note(books: Books, handle: string, change: Partial<Entry>): void {
  const entry = books.get(handle);
  if (entry === undefined) return;
  books.set(handle, { ...entry, ...change, until: Math.max(entry.until, change.until ?? 0) });
}

/** What administration may have done to sessions in this sequence. */
export type Allowed = ReadonlySet<EndReason>;

/** Compares the store with what clients were told; a line for each promise that was not kept. */
export function brokenPromises(books: Books, view: View, allowed: Allowed, endings: View['ended']): string[] {
  const broken: string[] = [];
  for (const [handle, { reason, ended_at }] of endings) {
    const end = view.ended.get(handle);
    if (view.sessions.has(handle)) broken.push('I4: a session that had ended is live again');
    if (end === undefined) broken.push('I8: an ended session has lost its reason');
    else if (end.reason !== reason || end.ended_at !== ended_at) broken.push('I8: a session has ended twice');
  }
  for (const [handle, entry] of books) {
    const session = view.sessions.get(handle);
    const end = view.ended.get(handle);
    if (session === undefined && end === undefined) broken.push('I8: a session is gone without a reason');
    if (session !== undefined && session.expires_at < entry.until) broken.push('I7: a lease is shorter than promised');
    if (session !== undefined && entry.released) broken.push('I4: a released session is live');
    if (end === undefined) continue;
    const lapsed = end.ended_at >= entry.until + EXPIRY_SLACK;
    const justified = {
      released: entry.releaseAsked,
      expired: lapsed,
      reclaimed: lapsed || entry.moved,
      admin_released: false,
      license_suspended: allowed.has('license_suspended'),
      license_expired: allowed.has('license_expired'),
      seats_reduced: allowed.has('seats_reduced'),
    } satisfies Record<EndReason, boolean>;
    if (!justified[end.reason]) broken.push(`I6: a session ended without cause: ${end.reason}`);
  }
  return broken;
}
