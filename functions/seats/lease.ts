import { endOf, type License } from '#shared/model/license.ts';

/** A seat that is lent, or that is lent if the commit under way succeeds. */
export interface Lease {
  readonly license: License;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Seats of the licence in use, this one included. */
  readonly seatsUsed: number;
}

/** When a lease that begins or is renewed at `now` ends: at the licence's expiry at the latest. */
export const leaseEnd = (license: License, now: number): number =>
  Math.min(now + license.lease_seconds * 1000, endOf(license));
