import * as z from 'zod';
import { Misunderstood } from './misunderstood.ts';

/** What an event of Stripe's says, as far as it is acted on. Times are seconds since the epoch, as Stripe has them. */
export type StripeEvent = SubscriptionEvent | CheckoutEvent | { readonly kind: 'other' };

interface EventHead {
  /** `evt_…` */
  readonly id: string;
  readonly type: string;
  /** When it happened, to the second; several events of a subscription often share it. */
  readonly created: number;
}

export interface SubscriptionEvent extends EventHead {
  readonly kind: 'subscription';
  readonly subscription: string;
  readonly snapshot: Snapshot;
  /** The subscription just before the event, as far as Stripe says what changed; the snapshot itself if it does not. */
  readonly before: Snapshot;
}

export interface CheckoutEvent extends EventHead {
  readonly kind: 'checkout';
  readonly customer: string;
  readonly subscription: string;
  /** The customer's business or own name; undefined when neither was asked for. */
  readonly name: string | undefined;
}

/** A subscription as an event shows it: everything that decides on its licences, and nothing else. */
export interface Snapshot {
  readonly customer: string;
  readonly status: string;
  readonly ended_at: number | null;
  /** Whether `items` are all of them. */
  readonly complete: boolean;
  readonly items: readonly SnapshotItem[];
}

export interface SnapshotItem {
  /** `si_…` */
  readonly id: string;
  readonly price: string;
  /** The members of the price's metadata that are meant for us. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly quantity: number | null;
  readonly period_start: number | null;
  readonly period_end: number | null;
}

/** What the names of metadata that are meant for us begin with. */
export const METADATA_PREFIX = 'countersign_';

const SUBSCRIPTION_EVENT = /^customer\.subscription\./;
const CHECKOUT_EVENT = 'checkout.session.completed';

const stripeId = z.string().regex(/^[A-Za-z0-9_]{1,100}$/);
/** From 2000 to 9998. */
const seconds = z.number().int().min(946_684_800).max(253_370_764_799);

const head = z.object({ id: stripeId, type: z.string().max(100), created: seconds, data: z.looseObject({}) });

const price = z.object({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() });

const period = { current_period_start: seconds.nullish(), current_period_end: seconds.nullish() };

const subscription = z.object({
  id: stripeId,
  customer: stripeId,
  status: z.string(),
  ended_at: seconds.nullish(),
  // API versions before 2025-03-31 have one period for all items.
  ...period,
  items: z.object({
    data: z.array(
      z.object({
        id: stripeId,
        price: price.nullish(),
        // What a price was called before.
        plan: price.nullish(),
        quantity: z.number().int().min(0).nullish(),
        ...period,
      }),
    ),
    has_more: z.boolean().default(false),
  }),
});

const checkout = z.object({
  mode: z.string(),
  customer: stripeId.nullish(),
  subscription: stripeId.nullish(),
  customer_details: z
    .object({ name: z.string().nullish(), business_name: z.string().nullish() })
    .nullish()
    .catch(undefined),
});

/**
 * @param payload what was signed
 * @throws Misunderstood for an event that concerns us and has another shape
 */
export function readEvent(payload: unknown): StripeEvent {
  const { id, type, created, data } = parse(head, payload, undefined);
  const event = { id, type, created };
  if (SUBSCRIPTION_EVENT.test(type)) return subscriptionEvent(event, data);
  if (type === CHECKOUT_EVENT) return checkoutEvent(event, data['object']);
  return { kind: 'other' };
}

function subscriptionEvent(event: EventHead, data: Readonly<Record<string, unknown>>): SubscriptionEvent {
  const found = parse(subscription, data['object'], event);
  const previous = data['previous_attributes'];
  const before = previous === undefined ? found : subscription.safeParse(overlaid(data['object'], previous)).data;
  const snapshot = snapshotOf(found);
  return {
    ...event,
    kind: 'subscription',
    subscription: found.id,
    snapshot,
    before: before === undefined ? snapshot : snapshotOf(before),
  };
}

/** Only subscriptions are sold here; a payment or the setup of a card is somebody else's. */
function checkoutEvent(event: EventHead, session: unknown): StripeEvent {
  const { mode, customer, subscription, customer_details } = parse(checkout, session, event);
  if (mode !== 'subscription') return { kind: 'other' };
  if (customer == null || subscription == null) throw new Misunderstood('shape', { at: 'customer' }, event);
  const name = (customer_details?.business_name ?? customer_details?.name)?.trim().slice(0, 200);
  return { ...event, kind: 'checkout', customer, subscription, name: name === '' ? undefined : name };
}

function snapshotOf(found: z.output<typeof subscription>): Snapshot {
  return {
    customer: found.customer,
    status: found.status,
    ended_at: found.ended_at ?? null,
    complete: !found.items.has_more,
    items: found.items.data
      .map((item) => ({
        id: item.id,
        price: item.price?.id ?? item.plan?.id ?? '',
        metadata: ours(item.price?.metadata ?? item.plan?.metadata ?? {}),
        quantity: item.quantity ?? null,
        period_start: item.current_period_start ?? found.current_period_start ?? null,
        period_end: item.current_period_end ?? found.current_period_end ?? null,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

const ours = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(metadata)
      .filter(([name]) => name.startsWith(METADATA_PREFIX))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `previous_attributes` have the changed members only, and arrays as a whole. */
function overlaid(value: unknown, previous: unknown): unknown {
  if (!isObject(value) || !isObject(previous)) return previous;
  const members = Object.entries(previous).map(([name, old]) => [name, overlaid(value[name], old)]);
  return { ...value, ...Object.fromEntries(members) };
}

function parse<S extends z.ZodType>(schema: S, value: unknown, event: EventHead | undefined): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Misunderstood('shape', { at: issue?.path.join('.') ?? '', says: issue?.message ?? '' }, event);
}
