import * as z from 'zod';
import { jsonText } from '#shared/model/json-text.ts';
import type { Document, UpdateTime, Write } from '#shared/store/store.ts';
import type { Latest } from './event-order.ts';

/** Documents named after Stripe's ids: two instances that act on one thing of Stripe's at once meet in its document. */
export const billingPaths = {
  customer: (customer: string) => `stripe_customers/${customer}`,
  subscription: (subscription: string) => `stripe_subscriptions/${subscription}`,
} as const;

/** `stripe_customers/{customer}`: for which customer a tenant was made. Which one it has is the tenant's own field. */
export const customerFields = z.object({
  tenant_id: z.string(),
  /** The tenant's tier is a placeholder: its first subscription is not known yet. */
  provisional: z.boolean(),
  created_at: z.number().int(),
});

/** The licence of an item of a subscription. */
export interface ItemRecord {
  /** Null: it has none, because nothing was understood or paid yet. */
  readonly license_id: string | null;
  /** Stripe's word suspended it, so Stripe's word may reinstate it; a suspension by hand is left alone. */
  readonly suspended: boolean;
  /** The terms that the price named when it was last applied. */
  readonly sold: readonly string[];
  /** It could not be applied. */
  readonly open: boolean;
}

/** What is known of a subscription. */
export interface SubscriptionState {
  readonly latest: Latest;
  /** The event whose snapshot was applied last; null: of the latest second none could be. */
  readonly applied: string | null;
  /** Seconds since the epoch. */
  readonly past_due_since: number | null;
  readonly items: Readonly<Record<string, ItemRecord>>;
}

/** `stripe_subscriptions/{subscription}` */
const subscriptionFields = z.object({
  customer: z.string(),
  /** JSON, because names of items are members of it. */
  state: jsonText<SubscriptionState>(),
});

export interface SubscriptionRecord {
  readonly state: SubscriptionState;
  readonly updateTime: UpdateTime;
}

/** @throws ZodError when the document is not what we write */
export const readSubscription = ({ fields, updateTime }: Document): SubscriptionRecord => ({
  state: subscriptionFields.parse(fields).state,
  updateTime,
});

/** @param found the record as it was read; undefined when there is none */
export function subscriptionWrite(
  subscription: string,
  customer: string,
  state: SubscriptionState,
  found: SubscriptionRecord | undefined,
): Write {
  const path = billingPaths.subscription(subscription);
  const fields = z.encode(subscriptionFields, { customer, state });
  if (found === undefined) return { op: 'create', path, fields };
  return { op: 'update', path, fields, lastUpdateTime: found.updateTime };
}
