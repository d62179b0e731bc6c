import type { Exchanges } from './example.ts';

/** An event of Stripe's, with the members that are read. */
const EVENT = {
  id: 'evt_1RzQ2kJx8mT5sYb2LhKd9Wc1',
  object: 'event',
  type: 'customer.subscription.created',
  created: 1_795_000_000,
  data: {
    object: {
      id: 'sub_1RzQ2iJx8mT5sYb2',
      object: 'subscription',
      customer: 'cus_Nf4Xq9ZkL2',
      status: 'active',
      items: {
        object: 'list',
        has_more: false,
        data: [
          {
            id: 'si_Nf4XmW8pQ1',
            object: 'subscription_item',
            quantity: 5,
            current_period_start: 1_795_000_000,
            current_period_end: 1_797_592_000,
            price: {
              id: 'price_1RzQ0cJx8mT5sYb2',
              object: 'price',
              metadata: { countersign_tier: 'professional', countersign_features: 'export, collaboration' },
            },
          },
        ],
      },
    },
  },
};

/** What Stripe sends, signed in a header that no example can have. */
export const billingExamples: Readonly<Record<string, Exchanges>> = {
  stripeWebhook: {
    created: {
      summary: 'Five seats were bought',
      body: EVENT,
      status: 200,
      answer: { received: true, outcome: 'applied' },
    },
  },
};
