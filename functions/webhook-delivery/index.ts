import * as z from 'zod';
import * as contract from '#shared/contract/webhooks.ts';
import { createDeliveryTasks } from '#shared/gcp/cloud-tasks.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { createSecretOpener } from '#shared/gcp/kms-secrets.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { createWebhookClient } from '#shared/http/webhook-client.ts';
import { commonConfig, firestoreConfig, signingKeyConfig, webhookConfig } from '#shared/model/config.ts';
import { deliveryId } from '#shared/model/delivery.ts';
import { createMarkLicenses } from '#shared/webhooks/mark-licenses.ts';
import { resolveName } from '#shared/webhooks/resolve-name.ts';
import { createAttempt } from './attempt.ts';
import { createFailPending } from './disable.ts';
import { createDispatch } from './dispatch.ts';
import { createEndpointUpkeep } from './endpoint-upkeep.ts';
import { createTellOfEnds } from './expiry-notices.ts';
import { createOpenSecrets } from './open-secrets.ts';
import { createPlanDeliveries } from './plan-deliveries.ts';
import { createRecordAttempt } from './record-attempt.ts';
import { createRecoverMissed } from './recover.ts';
import { createTellOfSeats } from './seat-levels.ts';
import { createSendDue } from './send-due.ts';

/** Milliseconds: nobody waits for these tasks. */
const TASK_TIMEOUT = 2_000;

/** Tells endpoints of events: called by Cloud Scheduler each minute, and by Cloud Tasks for single deliveries. */
export const webhookDelivery = defineFunction({
  name: 'webhook-delivery',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...webhookConfig.shape,
    KMS_ENDPOINT: signingKeyConfig.shape.KMS_ENDPOINT,
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const random = Math.random;
    const { WEBHOOK_QUEUE: queue, TASKS_ENDPOINT: endpoint } = config;
    const tasks = createDeliveryTasks({ queue, endpoint, timeout: TASK_TIMEOUT });
    const onDisabled = createFailPending({ store });
    const attempt = createAttempt({
      store,
      clock,
      log,
      send: createWebhookClient({ rules: { allowLoopback: config.WEBHOOK_ALLOW_LOOPBACK }, resolve: resolveName }),
      openSecrets: createOpenSecrets(createSecretOpener(kms, config.WEBHOOK_KEY)),
      recordAttempt: createRecordAttempt({ store, clock, random, tasks, log, onDisabled }),
    });
    const plan = createPlanDeliveries({ store, clock });
    const upkeep = createEndpointUpkeep({ store, clock, onDisabled, markLicenses: createMarkLicenses({ store }) });
    const dispatch = createDispatch({
      store,
      log,
      before: {
        expiry_notices: createTellOfEnds({ store, clock }),
        failing_endpoints: upkeep.disableFailing,
        new_endpoints: upkeep.markForNew,
        seat_levels: createTellOfSeats({ store, clock }),
        recoveries: createRecoverMissed({ store, clock }),
      },
      planDue: plan.planDue,
      sendDue: createSendDue({ store, clock, attempt, tasks, log }),
    });
    return {
      routes: [
        bind(contract.dispatchWebhooks, async ({ body }) => {
          const dispatched = await dispatch(body.for_seconds);
          log.log('INFO', 'webhooks_dispatched', { ...dispatched });
          return { status: 200, body: dispatched };
        }),
        bind(contract.deliverWebhook, async ({ body }) => {
          await plan.planOne(body.event_id);
          return { status: 200, body: { outcome: await attempt(deliveryId(body.event_id, body.webhook_id)) } };
        }),
      ],
      close: async () => {
        await Promise.all([store.close(), kms.close(), tasks.close()]);
      },
    };
  },
});
