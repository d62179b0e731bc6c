import * as z from 'zod';
import * as contract from '#shared/contract/session-reaper.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { commonConfig, firestoreConfig } from '#shared/model/config.ts';
import { recordReaperRun } from '#shared/model/run-record.ts';
import { createEndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createClearQueues } from './clear-queues.ts';
import { createEndKeys } from './end-keys.ts';
import { createReap } from './reap.ts';

/** Called by Cloud Scheduler every minute to end the sessions whose lease is over. */
export const sessionReaper = defineFunction({
  name: 'session-reaper',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    REAP_SECONDS: z.coerce
      .number()
      .min(1)
      .default(45)
      .describe("seconds after which a run begins nothing new; below the scheduler's deadline"),
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const random = Math.random;
    const reconcile = createReconcileSeats({ store, clock, random });
    const endKeys = createEndKeys({ store, clock, endSessionsOfKey: createEndSessionsOfKey({ store, clock, random }) });
    const clearQueues = createClearQueues({ store, clock });
    const reap = createReap({
      store,
      clock,
      random,
      reconcile,
      endKeys,
      clearQueues,
      budget: config.REAP_SECONDS * 1000,
    });
    return {
      routes: [
        bind(contract.reapSessions, async () => {
          const reaped = await reap();
          log.log(reaped.remaining > 0 ? 'ALERT' : 'INFO', reaped.remaining > 0 ? 'reaper_behind' : 'reaped', {
            ...reaped,
          });
          // For whoever looks after the suite; a run whose record is lost has still been one.
          const { ended, remaining } = reaped;
          await store
            .commit([recordReaperRun({ ran_at: clock.now(), ended, remaining })])
            .catch((error: unknown) => log.log('INFO', 'run_not_recorded', { error }));
          return { status: 200, body: reaped };
        }),
      ],
      close: () => store.close(),
    };
  },
});
