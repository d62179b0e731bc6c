import * as z from 'zod';
import { createImpersonation } from '#shared/gcp/access-token.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient } from '#shared/gcp/kms.ts';
import { createKmsWrapper } from '#shared/gcp/kms-envelope.ts';
import { createExecutionReader } from '#shared/gcp/run-executions.ts';
import { createJobStarter } from '#shared/gcp/run-jobs.ts';
import { createBucket, createObjects } from '#shared/gcp/storage.ts';
import { defineFunction } from '#shared/http/function.ts';
import { commonConfig, firestoreConfig } from '#shared/model/config.ts';
import { payloadConfig, payloadRetention } from '#shared/model/payload-config.ts';
import { createTaskCreation } from './create.ts';
import { taskRoutes } from './handlers.ts';
import { createIdempotency } from './idempotency.ts';
import { createTaskOperations } from './manage.ts';
import { createProgress } from './progress.ts';
import { createRunOnce } from './run-once.ts';
import { createTasks } from './tasks.ts';

/** Seals the secrets of background tasks, keeps them, and starts the jobs that open them. It cannot open them itself. */
export const taskPayloads = defineFunction({
  name: 'task-payloads',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...payloadConfig.shape,
    PAYLOAD_RETENTION_DAYS: payloadRetention,
    WORKER_JOB: z
      .string()
      .regex(/^projects\/[^/]+\/locations\/[^/]+\/jobs\/[^/]+$/, 'must be a job’s resource name')
      .describe('resource name of the Cloud Run job that opens payloads'),
    DISPATCHER_ACCOUNT: z.email().describe('the account that may start the job, and that this one acts as to do so'),
    RUN_ENDPOINT: z.url().optional().describe('base URL of a stand-in; unset in production'),
  }),
  compose(config, { clock }) {
    const store = openFirestore(config);
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const bucket = createBucket({
      projectId: config.PROJECT_ID,
      bucket: config.PAYLOAD_BUCKET,
      endpoint: config.STORAGE_ENDPOINT,
    });
    const tokens =
      config.RUN_ENDPOINT === undefined ? createImpersonation(config.DISPATCHER_ACCOUNT, clock) : undefined;
    const runApi = { job: config.WORKER_JOB, tokens, endpoint: config.RUN_ENDPOINT };
    const jobs = createJobStarter(runApi);
    const objects = createObjects(bucket);
    const tasks = createTasks(store, clock, config.PAYLOAD_RETENTION_DAYS);
    const idempotency = createIdempotency(store, clock);
    const current = createProgress({ tasks, objects, executions: createExecutionReader(runApi), clock });
    const wrapper = createKmsWrapper(kms, config.PAYLOAD_KEY);
    return {
      routes: taskRoutes({
        create: createTaskCreation({ wrapper, objects, tasks, idempotency, jobs, clock }),
        manage: createTaskOperations({ objects, tasks, current }),
        run: createRunOnce({ tasks, current, objects, jobs, idempotency, clock }),
      }),
      counter: store,
      close: async () => {
        await Promise.all([store.close(), kms.close(), tokens?.close()]);
      },
    };
  },
});
