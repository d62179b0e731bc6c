import type { EndReason } from '#shared/model/session.ts';
import { EXPIRY_SLACK } from '#shared/model/session.ts';
import type { View } from './view.ts';

/** What the answers so far have promised about one session. */
export interface LedgerEntry {
  readonly sessionId: string;
  readonly machine: number;
  /** The latest lease end that an answer named; milliseconds since the epoch. */
  readonly until: number;
  /** The latest end of a copy that was signed for it; 0 where copies are not counted. */
  readonly copyUntil: number;
  /** Until when its copy was borrowed; 0: it was not. */
  readonly borrowedUntil: number;
  readonly releaseAsked: boolean;
  /** Its machine's seat was given back or recalled, with whatever the machine had borrowed before. */
  readonly copyGivenBack: boolean;
  /** That was a borrowed seat, so the machine is trusted to have forgotten every copy: what early return and recall give away. */
  readonly copyForgotten: boolean;
  /** An administrator was asked to take it back. */
  readonly recallAsked: boolean;
  readonly released: boolean;
  /** Its machine acquired again with another licence key, which moves it to another session. */
  readonly moved: boolean;
}

/** By session handle. */
export type Ledger = Map<string, LedgerEntry>;

export function record(ledger: Ledger, handle: string, change: Partial<LedgerEntry>): void {
  const entry = ledger.get(handle);
  if (entry === undefined) return;
  const until = Math.max(entry.until, change.until ?? 0);
  const copyUntil = Math.max(entry.copyUntil, change.copyUntil ?? 0);
  const borrowedUntil = Math.max(entry.borrowedUntil, change.borrowedUntil ?? 0);
  ledger.set(handle, { ...entry, ...change, until, copyUntil, borrowedUntil });
}

/** The reasons for which administrators may have ended sessions in this sequence. */
export type AllowedReasons = ReadonlySet<EndReason>;

interface Promised {
  readonly ledger: Ledger;
  readonly allowed: AllowedReasons;
  /** The holder document of a machine. */
  readonly holder: (machine: number) => string;
  readonly most: { readonly seats: number; readonly slots: number };
}

/** Compares the store with what the answers promised. @returns a line for each broken promise */
export function brokenPromises(promised: Promised, view: View, endings: View['ended'], now: number): string[] {
  return [
    ...brokenSessions(promised, view, endings),
    ...uncoveredCopies(promised, view, now),
    ...brokenBorrows(promised, view, now),
  ];
}

/** Borrowed copies are covered by a seat, or by one that is missing; and there are never more than may be. */
function brokenBorrows({ ledger, holder, most }: Promised, { license, sessions, holders, borrows }: View, now: number) {
  const orphans = borrows.filter(({ orphan, until }) => orphan && until > now);
  const broken: string[] = [];
  if (license.seats + orphans.length > most.seats) {
    broken.push(`I15: ${license.seats} seats and ${orphans.length} copies without one, of ${most.seats}`);
  }
  if (borrows.length > most.slots) broken.push(`I16: ${borrows.length} borrowed, of ${most.slots}`);
  for (const { machine, borrowedUntil, copyGivenBack } of ledger.values()) {
    // An instance whose clock is ahead lets the machine have an online session in the copy's last second.
    if (borrowedUntil <= now + EXPIRY_SLACK || copyGivenBack) continue;
    const session = sessions.get(holders.get(holder(machine))?.session ?? '');
    const isCovered =
      (session !== undefined && session.expires_at >= borrowedUntil) ||
      orphans.some((slot) => slot.holder === holder(machine) && slot.until >= borrowedUntil);
    if (!isCovered) broken.push(`I14: a borrowed copy of machine ${machine} works without a seat`);
  }
  return broken;
}

/** Administrators take seats away, or end a key with its sessions. */
const TAKING_AWAY: readonly EndReason[] = ['license_suspended', 'seats_reduced', 'key_ended'];

/**
 * Copies that work although their machine has no seat. Administrators who take seats away leave such copies behind, so
 * there is nothing to find in a sequence with one.
 */
function uncoveredCopies({ ledger, allowed, holder }: Promised, view: View, now: number): string[] {
  if (TAKING_AWAY.some((reason) => allowed.has(reason))) return [];
  return [...ledger.values()].flatMap(({ machine, copyUntil, copyForgotten }) => {
    const handle = view.holders.get(holder(machine))?.session;
    const kept = handle === undefined ? undefined : view.sessions.get(handle);
    const isCovered = copyUntil <= now || copyForgotten || (kept !== undefined && kept.expires_at >= copyUntil);
    return isCovered ? [] : [`I9: a copy of machine ${machine} works without a seat`];
  });
}

function brokenSessions({ ledger, allowed }: Promised, view: View, endings: View['ended']): string[] {
  const broken: string[] = [];
  for (const [handle, { reason, ended_at }] of endings) {
    const end = view.ended.get(handle);
    if (view.sessions.has(handle)) broken.push('I4: a session that had ended is live again');
    if (end === undefined) broken.push('I8: an ended session has lost its reason');
    else if (end.reason !== reason || end.ended_at !== ended_at) broken.push('I8: a session has ended twice');
  }
  for (const [handle, entry] of ledger) {
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
      admin_released: entry.recallAsked,
      license_suspended: allowed.has('license_suspended'),
      license_expired: allowed.has('license_expired'),
      license_archived: allowed.has('license_archived'),
      seats_reduced: allowed.has('seats_reduced') && end.ended_at >= entry.borrowedUntil,
      key_ended: allowed.has('key_ended'),
      moved: false,
      self_released: false,
      user_removed: false,
      borrowed: entry.moved,
      recalled: entry.recallAsked,
    } satisfies Record<EndReason, boolean>;
    if (!justified[end.reason]) broken.push(`I6: a session ended without cause: ${end.reason}`);
  }
  return broken;
}
