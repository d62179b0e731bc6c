import type { Actor } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/billing.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { Applied } from './apply-subscription.ts';
import { Misunderstood } from './misunderstood.ts';
import { SIGNATURE_HEADER, type VerifyEvent } from './signature.ts';
import { readEvent, type StripeEvent } from './stripe-event.ts';
import { stripeActor } from './stripe-record.ts';

export interface BillingDomain {
  /** Undefined without Stripe. */
  readonly verify: VerifyEvent | undefined;
  readonly apply: (event: Exclude<StripeEvent, { kind: 'other' }>, actor: Actor) => Promise<Applied>;
  /** Records an event of which not even the shape is understood. */
  readonly recordMisunderstood: (misunderstood: Misunderstood, actor: Actor) => Promise<void>;
}

export const billingRoutes = ({ verify, apply, recordMisunderstood }: BillingDomain): BoundRoute[] => [
  bind(contract.stripeWebhook, async ({ body, headers, clientIp, requestId, log }) => {
    if (verify === undefined) throw new Fault('billing_off', 'STRIPE_WEBHOOK_SECRET is not set.');
    const payload = await verify(body, headers[SIGNATURE_HEADER]);
    const actor = stripeActor(clientIp, requestId);
    try {
      const event = readEvent(payload);
      if (event.kind === 'other') return received('ignored');
      const { outcome, misunderstood } = await apply(event, actor);
      for (const one of misunderstood) alert(log, event.id, one);
      return received(outcome);
    } catch (error) {
      if (!(error instanceof Misunderstood)) throw error;
      await recordMisunderstood(error, actor);
      alert(log, error.event?.id, error);
      return received('not_understood');
    }
  }),
];

const received = (outcome: contract.StripeOutcome) => ({ status: 200, body: { received: true, outcome } });

const alert = (log: Logger, event: string | undefined, { reason, details }: Misunderstood) =>
  log.log('ALERT', 'stripe_not_understood', { stripe_event: event, reason, ...details });
