import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { createDeliveryTasks } from '#shared/gcp/cloud-tasks.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { createSecretSealer } from '#shared/gcp/kms-secrets.ts';
import { defineFunction } from '#shared/http/function.ts';
import { createRunOnce } from '#shared/idempotency/run-once.ts';
import { importedKeysConfig, pepperOf } from '#shared/imported-keys/config.ts';
import { createFindImportedKey } from '#shared/imported-keys/find-imported-key.ts';
import { createResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { commonConfig, firestoreConfig, signingKeyConfig, webhookConfig } from '#shared/model/config.ts';
import { createEndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createEndPending } from '#shared/webhooks/end-pending.ts';
import { createHasten } from '#shared/webhooks/hasten.ts';
import { createMarkLicenses } from '#shared/webhooks/mark-licenses.ts';
import { resolveName } from '#shared/webhooks/resolve-name.ts';
import { createAudit } from './audit.ts';
import { createCountSeats } from './count-seats.ts';
import { createDenials } from './denials.ts';
import { createDigest } from './digest.ts';
import { createEvents } from './events.ts';
import { adminRoutes } from './handlers.ts';
import { createInvitations } from './invitations.ts';
import { createLicenseKeys } from './license-keys.ts';
import { createLicenses } from './licenses.ts';
import { createMembers } from './members.ts';
import { createNamedUsers } from './named-users.ts';
import { createPeople } from './people.ts';
import { createQueue } from './queue.ts';
import { createRunReserved } from './reserve.ts';
import { createSessions } from './sessions.ts';
import { createDeleteTenant } from './tenant-deletion.ts';
import { createTenants } from './tenants.ts';
import { createUsage } from './usage.ts';
import { createWebhookDeliveries } from './webhook-deliveries.ts';
import { createWebhooks } from './webhooks.ts';

/** Milliseconds between attempts, times the number of the attempt, jittered. */
const PAUSE = 15;

/** Milliseconds: what a task's making may take from an administrative act. */
const TASK_TIMEOUT = 200;

/** Tenants, members, licences, sessions, usage and audit, for the administrators of tenants and the vendor's staff. */
export const admin = defineFunction({
  name: 'admin',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...importedKeysConfig.shape,
    ...webhookConfig.shape,
    KMS_ENDPOINT: signingKeyConfig.shape.KMS_ENDPOINT,
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const random = Math.random;
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const tasks = createDeliveryTasks({
      queue: config.WEBHOOK_QUEUE,
      endpoint: config.TASKS_ENDPOINT,
      timeout: TASK_TIMEOUT,
    });
    const hasten = createHasten({ store, tasks, log });
    const commitAudited = createCommitAudited({
      store,
      clock,
      log,
      hasten: hasten.event,
      pause: (attempt) => sleep(PAUSE * attempt * random()),
    });
    const mutex = createKeyedMutex();
    const reconcile = createReconcileSeats({ store, clock, random });
    const endSessionsOfKey = createEndSessionsOfKey({ store, clock, random });
    const pepper = pepperOf(config);
    const resolveKey = createResolveKey({ pepper, find: createFindImportedKey({ store, clock }) });
    const licenses = createLicenses({ store, clock, reconcile, commitAudited, mutex, pepper });
    const webhooks = createWebhooks({
      store,
      clock,
      commitAudited,
      sealer: createSecretSealer(kms, config.WEBHOOK_KEY),
      rules: { allowLoopback: config.WEBHOOK_ALLOW_LOOPBACK },
      resolve: resolveName,
      markLicenses: createMarkLicenses({ store }),
      endPending: createEndPending({ store }),
      onChange: hasten.forget,
    });
    return {
      routes: adminRoutes({
        events: createEvents({ store }),
        digest: createDigest({ store, clock }),
        webhooks,
        webhookDeliveries: createWebhookDeliveries({
          store,
          clock,
          commitAudited,
          webhooks,
          hasten: hasten.delivery,
        }),
        tenants: createTenants({ store, clock, commitAudited, mutex }),
        deleteTenant: createDeleteTenant({ store, commitAudited, mutex }),
        members: createMembers({ store, commitAudited, mutex }),
        invitations: createInvitations({ store, clock, commitAudited }),
        licenses,
        resolveKey,
        licenseKeys: createLicenseKeys({ store, clock, commitAudited, licenses, endSessionsOfKey }),
        namedUsers: createNamedUsers({ store, clock, random, commitAudited, licenses }),
        sessions: createSessions({ store, clock, random, commitAudited, reconcile, licenses }),
        queue: createQueue({ store, clock, commitAudited, licenses }),
        denials: createDenials({ store, licenses }),
        usage: createUsage({ store, clock, licenses }),
        seatsUsed: createCountSeats({ store }),
        audit: createAudit({ store }),
        people: createPeople({ store, clock, commitAudited }),
        runOnce: createRunOnce({ store, clock }),
        runReserved: createRunReserved({ store, clock }),
        clock,
      }),
      counter: store,
      people: store,
      close: async () => {
        await Promise.all([store.close(), kms.close(), tasks.close()]);
      },
    };
  },
});
