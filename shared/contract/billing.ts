import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

/** What became of an event of Stripe's. */
const OUTCOMES = ['applied', 'duplicate', 'stale', 'ignored', 'not_understood'] as const;
export type StripeOutcome = (typeof OUTCOMES)[number];

/** The body as it was sent: the signature covers its bytes. */
const rawEvent = z
  .instanceof(Uint8Array)
  .meta({ type: 'object', description: 'an event, as Stripe sends it (https://docs.stripe.com/api/events/object)' });

export const stripeWebhook = defineRoute({
  id: 'stripeWebhook',
  method: 'POST',
  path: '/webhooks/stripe',
  access: ['anyone'],
  summary: 'What was bought, changed or cancelled at Stripe',
  description:
    'For Stripe, which signs each request (`Stripe-Signature`, at most five minutes old). A customer becomes a tenant, ' +
    'an item of a subscription a licence, whose `reference` is the item’s id. Each event is applied once, in whatever ' +
    'order events come. What cannot be understood is recorded and raises an alert; nothing is guessed.',
  body: rawEvent,
  rawBody: true,
  bodyLimit: 512 * 1024,
  responses: {
    200: {
      description: 'Received: Stripe need not send it again',
      schema: z.object({
        received: z.literal(true),
        outcome: z
          .enum(OUTCOMES)
          .describe(
            '`duplicate`: it was applied before; `stale`: a newer state is known; `ignored`: an event of another type; ' +
              '`not_understood`: a record and an alert say why',
          ),
      }),
    },
  },
  errors: ['billing_off', 'dependency_unavailable'],
});
