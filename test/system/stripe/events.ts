import { randomBytes } from 'node:crypto';
import { Stripe } from 'stripe';
import { STRIPE_TEST_SECRET } from '#local/environment.ts';
import type { Reply, Suite } from '../suite.ts';

/**
 * Events in the shape that Stripe publishes (API version 2026-10-28), with the members that a test does not care about,
 * so that what reads them meets them all. https://docs.stripe.com/api/events/object
 */

const API_VERSION = '2026-10-28.endive';
export const DAY = 86_400;

export const fresh = (prefix: string): string => `${prefix}_${randomBytes(9).toString('hex')}`;

export interface ItemOptions {
  readonly id?: string;
  readonly price?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly quantity?: number | null;
  /** Seconds since the epoch. */
  readonly start?: number;
  readonly end?: number;
}

export interface SubscriptionOptions {
  readonly id?: string;
  readonly customer?: string;
  readonly status?: string;
  readonly items?: readonly ItemOptions[];
  readonly ended_at?: number | null;
  readonly has_more?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

export const TEAM = { countersign_tier: 'professional', countersign_features: 'export, collaboration' };

export function subscriptionItem(subscription: string, options: ItemOptions) {
  const { id = fresh('si'), price = 'price_team', metadata = TEAM, quantity = 5, start = 0, end = 0 } = options;
  const shared = { id: price, active: true, billing_scheme: 'per_unit', currency: 'eur', livemode: false, metadata };
  return {
    id,
    object: 'subscription_item',
    billing_thresholds: null,
    created: start,
    current_period_end: end,
    current_period_start: start,
    discounts: [],
    metadata: {},
    plan: { ...shared, object: 'plan', amount: 2900, interval: 'month', interval_count: 1, usage_type: 'licensed' },
    price: {
      ...shared,
      object: 'price',
      created: 1_700_000_000,
      lookup_key: null,
      nickname: null,
      product: 'prod_countersign',
      recurring: { interval: 'month', interval_count: 1, meter: null, usage_type: 'licensed' },
      tax_behavior: 'exclusive',
      type: 'recurring',
      unit_amount: 2900,
      unit_amount_decimal: '2900',
    },
    ...(quantity === null ? {} : { quantity }),
    subscription,
    tax_rates: [],
  };
}

export function subscriptionObject(options: SubscriptionOptions) {
  const { id = fresh('sub'), customer = fresh('cus'), status = 'active', items = [{}], metadata = {} } = options;
  return {
    id,
    object: 'subscription',
    application: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: 1_700_000_000,
    billing_mode: { flexible: null, type: 'flexible' },
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: 'charge_automatically',
    created: 1_700_000_000,
    currency: 'eur',
    customer,
    default_payment_method: null,
    description: null,
    discounts: [],
    ended_at: options.ended_at ?? null,
    items: {
      object: 'list',
      data: items.map((item) => subscriptionItem(id, item)),
      has_more: options.has_more ?? false,
      total_count: items.length,
      url: `/v1/subscription_items?subscription=${id}`,
    },
    latest_invoice: 'in_1',
    livemode: false,
    metadata,
    pause_collection: null,
    schedule: null,
    start_date: 1_700_000_000,
    status,
    trial_end: null,
    trial_start: null,
  };
}

export function checkoutSession(customer: string, subscription: string, details: object = {}) {
  return {
    id: fresh('cs_test'),
    object: 'checkout.session',
    amount_total: 14_500,
    client_reference_id: null,
    currency: 'eur',
    customer,
    customer_details: { email: 'buyer@example.org', name: 'Jo Buyer', phone: null, tax_exempt: 'none', tax_ids: [] },
    livemode: false,
    metadata: {},
    mode: 'subscription',
    payment_status: 'paid',
    status: 'complete',
    subscription,
    ...details,
  };
}

export interface EventOptions {
  readonly id?: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly previous?: object;
}

export function stripeEvent(type: string, object: object, { id = fresh('evt'), created, previous }: EventOptions) {
  return {
    id,
    object: 'event',
    api_version: API_VERSION,
    created,
    data: { object, ...(previous === undefined ? {} : { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
  };
}

export interface Signing {
  readonly secret?: string;
  /** Seconds since the epoch; default: now. */
  readonly timestamp?: number;
}

/** The header that Stripe's own package makes for a body. */
export const signatureOf = (payload: string, { secret = STRIPE_TEST_SECRET, timestamp }: Signing = {}): string =>
  Stripe.webhooks.generateTestHeaderString({ payload, secret, ...(timestamp === undefined ? {} : { timestamp }) });

export function deliver(suite: Pick<Suite, 'send'>, event: object, signing?: Signing): Promise<Reply> {
  const payload = JSON.stringify(event);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'stripe-signature': signatureOf(payload, signing),
  };
  return suite.send('POST', '/webhooks/stripe', payload, undefined, headers);
}
