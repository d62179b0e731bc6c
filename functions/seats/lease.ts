import { copiesUntil, type License, lendsUntil } from '#shared/model/license.ts';

/** A seat that is lent, or that is lent if the commit under way succeeds. */
export interface Lease extends LeaseEnds {
  readonly license: License;
  readonly sessionId: string;
  /** Seats of the licence in use, this one included. */
  readonly seatsUsed: number;
  /** Undefined: it is not borrowed. */
  readonly borrowed?: BorrowedLease | undefined;
}

export interface BorrowedLease {
  /** Milliseconds since the epoch; the end of a copy that is signed with it. */
  readonly until: number;
  /** Seats of the licence that are borrowed, this one included; known where it was asked for. */
  readonly seats?: number | undefined;
}

export interface LeaseEnds {
  /** Milliseconds since the epoch: the end of the lease, and of a copy that is signed with it. */
  readonly expiresAt: number;
  readonly copyUntil: number;
}

/**
 * The ends of a lease that begins or is renewed at `now`: when the licence's seats are no longer lent at the latest. A copy
 * that is signed before the licence's end works no longer than that; one that is signed in the grace says so. A copy works without the
 * server as long as its lease, or the licence's offline time if that is longer. Without offline time it is worth its lease
 * and no more.
 */
export function leaseEnds(license: License, now: number): LeaseEnds {
  const expiresAt = Math.min(lendsUntil(license), now + license.lease_seconds * 1000);
  return {
    expiresAt,
    copyUntil: Math.min(copiesUntil(license, now), Math.max(expiresAt, now + license.offline_seconds * 1000)),
  };
}

/** The same for a seat that is borrowed until a time: its copy works until then, its lease for as long at least. */
export function borrowedEnds(license: License, until: number, now: number): LeaseEnds {
  const copyUntil = Math.min(copiesUntil(license, now), until);
  return { expiresAt: Math.max(copyUntil, leaseEnds(license, now).expiresAt), copyUntil };
}
