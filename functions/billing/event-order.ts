import { createHash } from 'node:crypto';
import type { Snapshot, SubscriptionEvent } from './stripe-event.ts';

/**
 * The events of a subscription's latest second. Stripe's times have seconds and its deliveries no order, so all of them
 * are kept until a later second comes.
 */
export interface Latest {
  /** Seconds since the epoch. */
  readonly created: number;
  readonly events: readonly KnownEvent[];
}

export interface KnownEvent {
  readonly id: string;
  readonly rank: number;
  /** Digest of the snapshot before the event. */
  readonly before: string;
  /** Digest of the snapshot. */
  readonly after: string;
  readonly snapshot: Snapshot;
}

/** `stale`: a later second is known. */
export type Ordered = { readonly kind: 'stale' } | { readonly kind: 'latest'; readonly latest: Latest };

/** Within one second a subscription is created before it changes, and ends after it has changed. */
const RANKS: Readonly<Record<string, number>> = {
  'customer.subscription.created': 0,
  'customer.subscription.deleted': 2,
};

/** Adds an event to those of the latest second, or begins a later second with it. */
export function withEvent(known: Latest | undefined, event: SubscriptionEvent): Ordered {
  const { id, type, created, snapshot } = event;
  if (known !== undefined && created < known.created) return { kind: 'stale' };
  const others = known?.created === created ? known.events.filter((other) => other.id !== id) : [];
  const one = { id, rank: RANKS[type] ?? 1, before: digestOf(event.before), after: digestOf(snapshot), snapshot };
  return { kind: 'latest', latest: { created, events: [...others, one] } };
}

/**
 * The last of the events of one second, whatever the order they came in: the one of the highest rank, and among changes
 * the one that no other follows. A change follows another one when it began with what the other ended with.
 * @returns undefined when that leaves several with different snapshots
 */
export function lastOf({ events }: Latest): KnownEvent | undefined {
  const highest = Math.max(...events.map(({ rank }) => rank));
  const candidates = events.filter(({ rank }) => rank === highest);
  const followed = new Set(candidates.filter(({ before, after }) => before !== after).map(({ before }) => before));
  const ends = new Set(candidates.map(({ after }) => after));
  const open = ends.size === 1 ? [...ends] : [...ends].filter((end) => !followed.has(end));
  const [end] = open;
  return open.length === 1 ? candidates.find(({ after }) => after === end) : undefined;
}

const digestOf = (snapshot: Snapshot): string =>
  createHash('sha256').update(JSON.stringify(snapshot)).digest('base64url');
