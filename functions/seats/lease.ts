import { endOf, type License } from '#shared/model/license.ts';

/** A seat that is lent, or that is lent if the commit under way succeeds. */
export interface Lease extends LeaseEnds {
  readonly license: License;
  readonly sessionId: string;
  /** Seats of the licence in use, this one included. */
  readonly seatsUsed: number;
}

export interface LeaseEnds {
  /** Milliseconds since the epoch: the end of the lease, and of a copy that is signed with it. */
  readonly expiresAt: number;
  readonly copyUntil: number;
}

/**
 * The ends of a lease that begins or is renewed at `now`: at the licence's end at the latest. A copy works without the
 * server as long as its lease, or the licence's offline time if that is longer. Without offline time it is worth its lease
 * and no more.
 */
export function leaseEnds(license: License, now: number): LeaseEnds {
  const end = endOf(license);
  const expiresAt = Math.min(end, now + license.lease_seconds * 1000);
  return { expiresAt, copyUntil: Math.min(end, Math.max(expiresAt, now + license.offline_seconds * 1000)) };
}
