import { DAY, type ItemOptions, type SubscriptionOptions, TEAM } from './events.ts';

/** One event, or a change by hand, in a sequence. Times are seconds from the sequence's present. */
export interface Step {
  /** The last part of `customer.subscription.…`, or the whole type of another event. */
  readonly type: string;
  /** When it happened; default 0. */
  readonly at?: number;
  readonly subscription?: Omit<SubscriptionOptions, 'id' | 'customer' | 'items'>;
  /** By letter: each is one item of the subscription. Default: item `a` with five seats. */
  readonly items?: Readonly<Record<string, ItemOptions>>;
  readonly previous?: (step: Required<Pick<Step, 'items'>>) => object;
  /** Another subscription of the customer. */
  readonly other?: string;
  readonly signing?: { readonly secret?: string; readonly age?: number };
  /** The answer's `outcome`; default `applied`. A number is its status. */
  readonly answers?: string | number;
  /** A PATCH of item a's licence by the vendor, in place of an event. */
  readonly patch?: object;
  /** Sent once more, with the same id. */
  readonly again?: boolean;
}

/** What a licence is like at the end; times are seconds from the sequence's present. */
export interface Outcome {
  readonly status?: string;
  readonly max_seats?: number;
  readonly tier?: string;
  readonly features?: unknown;
  readonly product?: string;
  readonly offline_seconds?: number;
  readonly ends?: number;
}

export interface Sequence {
  readonly name: string;
  readonly steps: readonly Step[];
  /** By item; null: it has no licence. */
  readonly licenses: Readonly<Record<string, Outcome | null>>;
  /** Sessions of item a that are held before the last step, and are left after it. */
  readonly sessions?: { readonly before: number; readonly after: number };
  /** The reasons of the alerts that it raises. */
  readonly alerts?: readonly string[];
}

export const GRACE = 7 * DAY;
/** The period that every item has unless it says otherwise. */
export const PERIOD = { start: -DAY, end: 29 * DAY };
const END = PERIOD.end + GRACE;
const NEXT = { start: PERIOD.end, end: PERIOD.end + 30 * DAY };

const created = (rest: Partial<Step> = {}): Step => ({ type: 'created', ...rest });
const updated = (at: number, rest: Partial<Step> = {}): Step => ({ type: 'updated', at, ...rest });
const deleted = (at: number, rest: Partial<Step> = {}): Step => ({
  type: 'deleted',
  at,
  subscription: { status: 'canceled', ended_at: at },
  ...rest,
});
const checkout = (rest: Partial<Step> = {}): Step => ({ type: 'checkout.session.completed', ...rest });
const was = (status: string) => () => ({ status });
const inStatus = (status: string) => ({ subscription: { status } });
const seats = (quantity: number) => ({ items: { a: { quantity } } });
const LIVE: Outcome = { status: 'active', max_seats: 5, tier: 'professional', ends: END };
const stale = { answers: 'stale' };
const unclear = { answers: 'not_understood' };

/** Each a story that a Stripe account tells, and the licence that it must end in. */
export const SEQUENCES: readonly Sequence[] = [
  { name: 'bought', steps: [created()], licenses: { a: { ...LIVE, features: ['export', 'collaboration'] } } },
  { name: 'checkout, then subscription', steps: [checkout(), created()], licenses: { a: LIVE } },
  { name: 'subscription, then checkout', steps: [created(), checkout()], licenses: { a: LIVE } },
  {
    name: 'paid within the second of its creation',
    steps: [created(inStatus('incomplete')), updated(0, { previous: was('incomplete') })],
    licenses: { a: LIVE },
  },
  {
    name: 'the same, the other way round',
    steps: [updated(0, { previous: was('incomplete') }), created({ ...inStatus('incomplete'), ...stale })],
    licenses: { a: LIVE },
  },
  { name: 'never paid', steps: [created(inStatus('incomplete'))], licenses: { a: null } },
  {
    name: 'the first payment failed for good',
    steps: [created(inStatus('incomplete')), updated(9, inStatus('incomplete_expired'))],
    licenses: { a: null },
  },
  { name: 'sent twice', steps: [created(), created({ again: true, answers: 'duplicate' })], licenses: { a: LIVE } },
  {
    name: 'a change that is older than what is known',
    steps: [created(), updated(20, seats(8)), updated(10, { ...seats(2), ...stale })],
    licenses: { a: { ...LIVE, max_seats: 8 } },
  },
  {
    name: 'the creation comes after a change',
    steps: [updated(20, seats(8)), created({ ...stale })],
    licenses: { a: { ...LIVE, max_seats: 8 } },
  },
  {
    name: 'the creation comes a day late',
    steps: [updated(0, seats(8)), created({ at: -DAY, ...stale })],
    licenses: { a: { ...LIVE, max_seats: 8 } },
  },
  { name: 'all of it comes a day late', steps: [created({ at: -DAY })], licenses: { a: LIVE } },
  { name: 'more seats', steps: [created(), updated(5, seats(12))], licenses: { a: { ...LIVE, max_seats: 12 } } },
  {
    name: 'fewer seats than are held: the surplus ends',
    steps: [created(), updated(5, seats(2))],
    licenses: { a: { ...LIVE, max_seats: 2 } },
    sessions: { before: 4, after: 2 },
  },
  {
    name: 'no seats at all: nobody may use it',
    steps: [created(), updated(5, seats(0))],
    licenses: { a: { status: 'suspended', max_seats: 5 } },
    sessions: { before: 2, after: 0 },
  },
  {
    name: 'seats again after none',
    steps: [created(), updated(5, seats(0)), updated(9, seats(3))],
    licenses: { a: { ...LIVE, max_seats: 3 } },
  },
  {
    name: 'another plan: what the old one named and the new one does not, goes',
    steps: [
      created({ items: { a: { metadata: { ...TEAM, countersign_offline_seconds: '604800' } } } }),
      updated(5, { items: { a: { price: 'price_basic', metadata: { countersign_tier: 'starter' } } } }),
    ],
    licenses: { a: { ...LIVE, tier: 'starter', features: [], offline_seconds: 86_400 } },
  },
  {
    name: 'a product, offline time and features with values',
    steps: [
      created({
        items: {
          a: {
            metadata: {
              countersign_tier: 'enterprise',
              countersign_product: 'editor',
              countersign_offline_seconds: '604800',
              countersign_features: '{"gpus": 4, "export": true}',
              internal_note: 'not for us',
            },
          },
        },
      }),
    ],
    licenses: {
      a: { tier: 'enterprise', product: 'editor', offline_seconds: 604_800, features: { gpus: 4, export: true } },
    },
  },
  {
    name: 'a price of packs',
    steps: [created({ items: { a: { quantity: 3, metadata: { ...TEAM, countersign_seats_per_unit: '10' } } } })],
    licenses: { a: { ...LIVE, max_seats: 30 } },
  },
  {
    name: 'the next period',
    steps: [created(), updated(5, { items: { a: NEXT } })],
    licenses: { a: { ...LIVE, ends: NEXT.end + GRACE } },
  },
  { name: 'on trial', steps: [created(inStatus('trialing'))], licenses: { a: LIVE } },
  {
    name: 'the trial ends without a card: paused',
    steps: [created(inStatus('trialing')), { type: 'paused', at: 9, ...inStatus('paused') }],
    licenses: { a: { status: 'suspended' } },
    sessions: { before: 1, after: 0 },
  },
  {
    name: 'paused and resumed',
    steps: [
      created(inStatus('trialing')),
      { type: 'paused', at: 9, ...inStatus('paused') },
      { type: 'resumed', at: 20, items: { a: NEXT } },
    ],
    licenses: { a: { ...LIVE, ends: NEXT.end + GRACE } },
  },
  {
    name: 'the renewal is not paid: the grace counts from its failure, and not from the end of what is not paid for',
    steps: [
      created(),
      updated(-3600, { items: { a: { start: -7200, end: 30 * DAY } }, ...inStatus('past_due'), at: 1 }),
    ],
    licenses: { a: { ...LIVE, ends: 1 + GRACE } },
  },
  {
    name: 'still past due at a later change: the grace is not longer for it',
    steps: [created(), updated(1, inStatus('past_due')), updated(2000, { ...inStatus('past_due'), ...seats(6) })],
    licenses: { a: { ...LIVE, max_seats: 6, ends: 1 + GRACE } },
  },
  {
    name: 'past due, then paid',
    steps: [created(), updated(5, inStatus('past_due')), updated(9, { previous: was('past_due') })],
    licenses: { a: LIVE },
  },
  {
    name: 'past due, then unpaid: suspended',
    steps: [created(), updated(5, inStatus('past_due')), updated(9, inStatus('unpaid'))],
    licenses: { a: { status: 'suspended' } },
    sessions: { before: 2, after: 0 },
  },
  {
    name: 'unpaid, then paid: reinstated',
    steps: [created(), updated(5, inStatus('unpaid')), updated(9)],
    licenses: { a: LIVE },
  },
  {
    name: 'a suspension by hand outlives whatever Stripe says',
    steps: [created(), { type: '', patch: { status: 'suspended' } }, updated(5, inStatus('unpaid')), updated(9)],
    licenses: { a: { ...LIVE, status: 'suspended' } },
  },
  {
    name: 'a label by hand stays, seats by hand do not',
    steps: [created(), { type: '', patch: { max_seats: 50, lease_seconds: 120 } }, updated(9)],
    licenses: { a: LIVE },
  },
  {
    name: 'a repeat undoes nothing that was done by hand',
    steps: [created(), { type: '', patch: { max_seats: 50 } }, created({ again: true, answers: 'duplicate' })],
    licenses: { a: { ...LIVE, max_seats: 50 } },
  },
  {
    name: 'to be cancelled at the end of the period: until then all is as it was',
    steps: [created(), updated(5, { previous: () => ({ cancel_at_period_end: false }) })],
    licenses: { a: LIVE },
  },
  { name: 'cancelled', steps: [created({ at: -30 }), deleted(-9)], licenses: { a: { status: 'active', ends: -9 } } },
  {
    name: 'cancelled a day ago, and told now',
    steps: [created({ at: -2 * DAY }), deleted(-DAY)],
    licenses: { a: { ends: -DAY } },
  },
  {
    name: 'a change within the second of the end',
    steps: [created({ at: -30 }), deleted(-9), updated(-9, { ...seats(9), ...stale })],
    licenses: { a: { max_seats: 5, ends: -9 } },
  },
  {
    name: 'the end comes first: what it ended is never made',
    steps: [deleted(-9), updated(-20, stale), created({ at: -30, ...stale })],
    licenses: { a: null },
  },
  {
    name: 'unpaid and then cancelled: it stays suspended',
    steps: [created({ at: -30 }), updated(-20, inStatus('unpaid')), deleted(-9)],
    licenses: { a: { status: 'suspended', ends: -9 } },
  },
  {
    name: 'cancelled, then bought again: another subscription, another licence of the same tenant',
    steps: [created({ at: -30 }), deleted(-9), created({ other: 'again', items: { b: {} } })],
    licenses: { a: { ends: -9 }, b: LIVE },
  },
  {
    name: 'several items: a licence each',
    steps: [created({ items: { a: {}, b: { quantity: 2, metadata: { countersign_tier: 'starter' } } } })],
    licenses: { a: LIVE, b: { ...LIVE, max_seats: 2, tier: 'starter' } },
  },
  {
    name: 'an item goes, another comes',
    steps: [
      created({ at: -30, items: { a: {}, b: { quantity: 2 } } }),
      updated(-9, { items: { b: { quantity: 2 }, c: { quantity: 4 } } }),
    ],
    licenses: { a: { ends: -9 }, b: { ...LIVE, max_seats: 2 }, c: { ...LIVE, max_seats: 4 } },
  },
  {
    name: 'a price that says nothing: no licence',
    steps: [created({ items: { a: { price: 'price_shirt', metadata: {} } }, ...unclear })],
    licenses: { a: null },
    alerts: ['price'],
  },
  {
    name: 'a price that says nothing beside one that does',
    steps: [created({ items: { a: {}, b: { metadata: {} } }, ...unclear })],
    licenses: { a: LIVE, b: null },
    alerts: ['price'],
  },
  {
    name: 'to a price that says nothing: the licence stays as it was',
    steps: [
      created(),
      updated(5, { items: { a: { quantity: 9, metadata: { countersign_tear: 'pro' } } }, ...unclear }),
    ],
    licenses: { a: LIVE },
    alerts: ['price'],
  },
  {
    name: 'a tier that is none, and then one that is',
    steps: [
      created({ items: { a: { metadata: { countersign_tier: 'gold' } } }, ...unclear }),
      updated(5, { items: { a: {} } }),
    ],
    licenses: { a: LIVE },
    alerts: ['price'],
  },
  {
    name: 'a price by use',
    steps: [created({ items: { a: { quantity: null } }, ...unclear })],
    licenses: { a: null },
    alerts: ['quantity'],
  },
  {
    name: 'a status that Stripe has not had yet',
    steps: [created(), updated(5, { ...inStatus('frozen'), ...unclear })],
    licenses: { a: LIVE },
    alerts: ['status'],
  },
  {
    name: 'more items than an event shows: those that are not shown stay',
    steps: [
      created({ items: { a: {}, b: {} } }),
      updated(5, { items: { a: { quantity: 7 } }, subscription: { has_more: true }, ...unclear }),
    ],
    licenses: { a: { ...LIVE, max_seats: 7 }, b: LIVE },
    alerts: ['items'],
  },
  {
    name: 'two changes of one second that nothing puts in order',
    steps: [
      created({ at: -9 }),
      updated(0, { ...seats(7), previous: () => ({ items: { data: [] } }) }),
      updated(0, { ...seats(8), previous: () => ({ items: { data: [] } }), ...unclear }),
    ],
    licenses: { a: { ...LIVE, max_seats: 7 } },
    alerts: ['order'],
  },
  {
    name: 'a wrong signature',
    steps: [created(), updated(5, { ...seats(9), signing: { secret: 'whsec_another' }, answers: 400 })],
    licenses: { a: LIVE },
  },
  {
    name: 'an old signature',
    steps: [created(), updated(5, { ...seats(9), signing: { age: 301 }, answers: 400 })],
    licenses: { a: LIVE },
  },
  {
    name: 'a signature that is nearly too old',
    steps: [created(), updated(5, { ...seats(9), signing: { age: 240 } })],
    licenses: { a: { ...LIVE, max_seats: 9 } },
  },
  {
    name: 'events of other things',
    steps: [created(), { type: 'invoice.paid', answers: 'ignored' }, { type: 'customer.updated', answers: 'ignored' }],
    licenses: { a: LIVE },
  },
];
