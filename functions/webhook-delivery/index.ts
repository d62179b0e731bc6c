import * as z from 'zod';
import * as contract from '#shared/contract/webhooks.ts';
import { createDeliveryTasks } from '#shared/gcp/cloud-tasks.ts';
import { createFirestore, openFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { createSecretOpener } from '#shared/gcp/kms-secrets.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { createWebhookClient } from '#shared/http/webhook-client.ts';
import { readRoots } from '#shared/keys/statements.ts';
import { commonConfig, firestoreConfig, keyListConfig, signingKeyConfig, webhookConfig } from '#shared/model/config.ts';
import { deliveryId } from '#shared/model/delivery.ts';
import { createEndPending } from '#shared/webhooks/end-pending.ts';
import { createMarkLicenses } from '#shared/webhooks/mark-licenses.ts';
import { resolveName } from '#shared/webhooks/resolve-name.ts';
import { createAttempt } from './attempt.ts';
import { createDispatch } from './dispatch.ts';
import { createEndpointUpkeep } from './endpoint-upkeep.ts';
import { createTellOfEnds } from './expiry-notices.ts';
import { createOpenSecrets } from './open-secrets.ts';
import { createPlanDeliveries } from './plan-deliveries.ts';
import { createRecordAttempt } from './record-attempt.ts';
import { createRecoverMissed } from './recover.ts';
import { createTellOfSeats } from './seat-levels.ts';
import { createSendDue } from './send-due.ts';
import { createTellOfSigningKeys } from './signing-key-events.ts';

/** Milliseconds: nobody waits for these tasks. */
const TASK_TIMEOUT = 2_000;

/** Tells endpoints of events: called by Cloud Scheduler each minute, and by Cloud Tasks for single deliveries. */
export const webhookDelivery = defineFunction({
  name: 'webhook-delivery',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...webhookConfig.shape,
    ...keyListConfig.pick({ KEYS_DATABASE: true, ROOT_KEYS: true }).shape,
    KMS_ENDPOINT: signingKeyConfig.shape.KMS_ENDPOINT,
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const keys = createFirestore({
      projectId: config.PROJECT_ID,
      database: config.KEYS_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const random = Math.random;
    const { WEBHOOK_QUEUE: queue, TASKS_ENDPOINT: endpoint } = config;
    const tasks = createDeliveryTasks({ queue, endpoint, timeout: TASK_TIMEOUT });
    const endPending = createEndPending({ store });
    const onDisabled = (webhookId: string) => endPending(webhookId, 'failed');
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
      first: {
        signing_keys: createTellOfSigningKeys({ store, keys, roots: readRoots(config.ROOT_KEYS), clock }),
      },
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
        await Promise.all([store.close(), keys.close(), kms.close(), tasks.close()]);
      },
    };
  },
});
