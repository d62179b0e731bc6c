import { Misunderstood } from './misunderstood.ts';
import { type PriceTerms, readPriceTerms } from './price-terms.ts';
import type { Snapshot, SnapshotItem } from './stripe-event.ts';

/** What an item of a subscription entitles its customer to. Times are milliseconds since the epoch. */
export type Entitlement =
  /** Nothing yet: the first payment is under way. */
  | { readonly kind: 'none' }
  /** Nothing any more. */
  | { readonly kind: 'ended'; readonly at: number }
  /** Nothing for now: a licence that it has is suspended, and otherwise stays as it is. */
  | { readonly kind: 'withheld' }
  | { readonly kind: 'licensed'; readonly terms: PriceTerms; readonly seats: number; readonly expiresAt: number };

/** What a subscription's status means for its licences (https://docs.stripe.com/billing/subscriptions/overview). */
const STANDINGS: Readonly<Record<string, 'paid' | 'late' | 'withheld' | 'pending' | 'ended'>> = {
  active: 'paid',
  trialing: 'paid',
  past_due: 'late',
  unpaid: 'withheld',
  paused: 'withheld',
  incomplete: 'pending',
  incomplete_expired: 'ended',
  canceled: 'ended',
};

export const LATE = 'past_due';

export interface EntitlementSettings {
  /** Milliseconds for which a licence goes on after a period's end, or after a payment has failed. */
  readonly grace: number;
}

/** When things happened, in seconds since the epoch. */
export interface Moments {
  /** The event. */
  readonly event: number;
  /** When the subscription became past due; null when it is not. */
  readonly pastDueSince: number | null;
}

/**
 * What one item entitles to. Pure: the same snapshot gives the same entitlement whenever the event comes.
 * @throws Misunderstood `status`, `price`, `quantity`
 */
export function entitlementOf(
  { status, ended_at }: Pick<Snapshot, 'status' | 'ended_at'>,
  item: SnapshotItem,
  { event, pastDueSince }: Moments,
  { grace }: EntitlementSettings,
): Entitlement {
  const standing = STANDINGS[status];
  if (standing === undefined) throw new Misunderstood('status', { status });
  if (standing === 'pending') return { kind: 'none' };
  if (standing === 'ended') return { kind: 'ended', at: (ended_at ?? event) * 1000 };
  if (standing === 'withheld' || item.quantity === 0) return { kind: 'withheld' };
  if (item.quantity === null) throw new Misunderstood('quantity', { item: item.id, price: item.price });
  if (item.period_end === null) throw new Misunderstood('shape', { at: 'current_period_end', item: item.id });
  const terms = readPriceTerms(item.price, item.metadata);
  const paidEnd = item.period_end * 1000 + grace;
  // The period that is not paid for has begun already: of it the customer has the grace, not the whole.
  const lateFrom = Math.max(item.period_start ?? 0, pastDueSince ?? event) * 1000;
  return {
    kind: 'licensed',
    terms,
    seats: item.quantity * terms.seatsPerUnit,
    expiresAt: standing === 'late' ? Math.min(paidEnd, lateFrom + grace) : paidEnd,
  };
}
