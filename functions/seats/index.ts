import * as z from 'zod';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { openSigningKeys } from '#shared/gcp/signing-keys.ts';
import { defineFunction } from '#shared/http/function.ts';
import { createRunOnce } from '#shared/idempotency/run-once.ts';
import { importedKeysConfig, pepperOf } from '#shared/imported-keys/config.ts';
import { createFindImportedKey } from '#shared/imported-keys/find-imported-key.ts';
import { createResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { createSharedLimit } from '#shared/limits/shared-limit.ts';
import { commonConfig, firestoreConfig, keyListConfig, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { budgetConfig, openBudget } from '#shared/signing/budget.ts';
import { createSignClaims } from '#shared/signing/sign-claims.ts';
import { createAcquire } from './acquire.ts';
import { createBorrowForMachine } from './borrow-for-machine.ts';
import { borrowRoutes } from './borrow-handlers.ts';
import { createDenialEvents } from './denial-events.ts';
import { seatsRoutes } from './handlers.ts';
import { createHeartbeat } from './heartbeat.ts';
import { holderRoutes } from './holder-handlers.ts';
import { createListHolders } from './holders.ts';
import { createIssueFile } from './issue-file.ts';
import { createLeaveQueue } from './leave-queue.ts';
import { createLicenseCache } from './license-cache.ts';
import { createCheckRefresh } from './refresh.ts';
import { createRelease } from './release.ts';
import { createSelfRelease } from './self-release.ts';
import { createSignInOf } from './sign-in.ts';
import { createSignLicense } from './sign-license.ts';
import { createSignatureBudget } from './signature-budget.ts';
import { createUsageRecorder } from './usage-recorder.ts';
import { createMeanBetweenEnds } from './wait-estimate.ts';

/** Unknown keys of an older system that an instance counts with one write. */
const MISSES_SLICE = 20;

/** Lends seats: acquire, heartbeat, release. */
export const seats = defineFunction({
  name: 'seats',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
    ...keyListConfig.shape,
    ...budgetConfig.shape,
    ...importedKeysConfig.shape,
    IMPORTED_KEY_MISSES_PER_HOUR: z.coerce
      .number()
      .int()
      .min(1)
      .default(1000)
      .describe('unknown keys an hour of the whole deployment, while keys of an older system are taken over'),
    TOKEN_ISSUER: z.url().describe('the `iss` of licence tokens'),
    UNSIGNED_FALLBACK: z
      .enum(['deny', 'allow'])
      .default('deny')
      .describe('allow: answer with unsigned licence data when signing fails'),
  }),
  compose(config, { clock, log, authenticate }) {
    const store = openFirestore(config);
    const signing = openSigningKeys({
      cryptoKey: config.SIGNING_KEY,
      kmsEndpoint: config.KMS_ENDPOINT,
      projectId: config.PROJECT_ID,
      database: config.KEYS_DATABASE,
      firestoreEndpoint: config.FIRESTORE_ENDPOINT,
      rootKeys: config.ROOT_KEYS,
      periods: keyPeriods(config),
      clock,
      log,
    });
    const signClaims = createSignClaims({
      keys: signing.keys,
      signer: signing.signer,
      clock,
      log,
      issuer: config.TOKEN_ISSUER,
      budget: openBudget(config, { counter: store, clock, log }),
    });
    const budget = createSignatureBudget(clock);
    const sign = createSignLicense({
      keys: signing.keys,
      sign: signClaims,
      clock,
      unsignedFallback: config.UNSIGNED_FALLBACK === 'allow',
      budget,
    });
    const licenses = createLicenseCache(store, clock);
    const misses = createSharedLimit({
      counter: store,
      clock,
      limit: config.IMPORTED_KEY_MISSES_PER_HOUR,
      slice: Math.min(MISSES_SLICE, config.IMPORTED_KEY_MISSES_PER_HOUR),
      onFailure: (error) => log.log('ALERT', 'imported_key_limit_open', { error }),
    });
    const countMiss = () => misses.take('imported-key-misses');
    const resolveKey = createResolveKey({
      pepper: pepperOf(config),
      find: createFindImportedKey({ store, clock, countMiss }),
    });
    const random = Math.random;
    const usage = createUsageRecorder({ store, clock, random });
    const release = createRelease({
      store,
      clock,
      random,
      usage,
      reconcile: createReconcileSeats({ store, clock, random }),
    });
    const denials = createDenialEvents({ store, clock });
    const acquire = createAcquire({ store, clock, random, sign, licenses, usage, denials, budget });
    const commitAudited = createCommitAudited({ store, clock, log });
    const heartbeat = createHeartbeat({ store, clock, licenses, release });
    return {
      routes: [
        ...seatsRoutes({
          resolveKey,
          acquire,
          signInOf: createSignInOf(authenticate),
          heartbeat,
          checkRefresh: createCheckRefresh({ store, clock }),
          sign,
          release,
          leaveQueue: createLeaveQueue({ store, clock }),
          meanBetweenEnds: createMeanBetweenEnds(store, clock),
        }),
        ...holderRoutes({
          resolveKey,
          listHolders: createListHolders({ store, clock }),
          selfRelease: createSelfRelease({
            store,
            clock,
            random,
            commitAudited,
          }),
        }),
        ...borrowRoutes({
          borrowForMachine: createBorrowForMachine({ store, clock, random, commitAudited, usage, denials }),
          issueFile: createIssueFile({ store, clock, sign }),
          runOnce: createRunOnce({ store, clock }),
        }),
      ],
      counter: store,
      people: store,
      close: async () => {
        await Promise.all([usage.close(), denials.close()]);
        await Promise.all([store.close(), signing.close()]);
      },
    };
  },
});
