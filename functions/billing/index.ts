import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { createDeliveryTasks } from '#shared/gcp/cloud-tasks.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { defineFunction } from '#shared/http/function.ts';
import { commonConfig, firestoreConfig, webhookConfig } from '#shared/model/config.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createHasten } from '#shared/webhooks/hasten.ts';
import { createApplyCheckout } from './apply-checkout.ts';
import { createApplySubscription } from './apply-subscription.ts';
import { billingRoutes } from './handlers.ts';
import { createRecordMisunderstood } from './record-misunderstood.ts';
import { createVerifyEvent } from './signature.ts';

/** Milliseconds between attempts, times the number of the attempt, jittered. */
const PAUSE = 15;
const DAY = 86_400_000;
/** Milliseconds: what a task's making may take from an event. */
const TASK_TIMEOUT = 200;

/** Makes and changes licences as a Stripe account says. Without that account's secret nothing runs. */
export const billing = defineFunction({
  name: 'billing',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...webhookConfig.pick({ WEBHOOK_QUEUE: true, TASKS_ENDPOINT: true }).shape,
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_\S+$/, 'must be the signing secret of a webhook endpoint, whsec_…')
      .optional()
      .describe('signing secret of the Stripe webhook endpoint; unset: nothing is sold through Stripe'),
    STRIPE_GRACE_DAYS: z.coerce
      .number()
      .min(0)
      .max(365)
      .default(7)
      .describe('days for which a licence goes on after a paid period, or after a payment has failed'),
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const random = Math.random;
    const { WEBHOOK_QUEUE: queue, TASKS_ENDPOINT: endpoint } = config;
    const tasks = createDeliveryTasks({ queue, endpoint, timeout: TASK_TIMEOUT });
    const commitAudited = createCommitAudited({
      store,
      clock,
      log,
      hasten: createHasten({ store, tasks, log }).event,
      pause: (attempt) => sleep(PAUSE * attempt * random()),
    });
    const mutex = createKeyedMutex();
    const reconcile = createReconcileSeats({ store, clock, random });
    const { STRIPE_WEBHOOK_SECRET: secret, STRIPE_GRACE_DAYS: days } = config;
    if (secret === undefined) log.log('INFO', 'billing_off', { reason: 'STRIPE_WEBHOOK_SECRET is not set' });
    const checkout = createApplyCheckout({ store, clock, commitAudited, mutex });
    const subscription = createApplySubscription({ store, clock, commitAudited, reconcile, mutex, grace: days * DAY });
    return {
      routes: billingRoutes({
        verify: secret === undefined ? undefined : createVerifyEvent(secret),
        apply: (event, actor) => (event.kind === 'checkout' ? checkout(event, actor) : subscription(event, actor)),
        recordMisunderstood: createRecordMisunderstood({ store, clock, commitAudited }),
      }),
      close: async () => {
        await Promise.all([store.close(), tasks.close()]);
      },
    };
  },
});
