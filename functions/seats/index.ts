import * as z from 'zod';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { openSigningKeys } from '#shared/gcp/signing-keys.ts';
import { defineFunction } from '#shared/http/function.ts';
import { createLocalLimit } from '#shared/limits/local-limit.ts';
import { commonConfig, firestoreConfig, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { budgetConfig } from '#shared/signing/budget.ts';
import { createSignClaims } from '#shared/signing/sign-claims.ts';
import { createAcquire } from './acquire.ts';
import { seatsRoutes } from './handlers.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createIssue, type Issued } from './issue.ts';
import { createLicenseMemory } from './licenses.ts';
import { createRelease } from './release.ts';
import { createUsageNotes } from './usage.ts';

/** Of one machine, in the memory of one instance. A client acquires a few times a day. */
const ACQUIRES_PER_HOUR = 100;

/** Lends out seats: acquire, heartbeat, release. */
export const seats = defineFunction({
  name: 'seats',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
    ...budgetConfig.shape,
    TOKEN_ISSUER: z.url().describe('the `iss` of licence tokens'),
    UNSIGNED_FALLBACK: z
      .enum(['deny', 'allow'])
      .default('deny')
      .describe('allow: hand out unsigned licence data when signing fails'),
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const signing = openSigningKeys({
      cryptoKey: config.SIGNING_KEY,
      endpoint: config.KMS_ENDPOINT,
      periods: keyPeriods(config),
      store,
      clock,
      log,
    });
    const sign = createSignClaims({
      signer: signing.signer,
      clock,
      log,
      issuer: config.TOKEN_ISSUER,
      perMinute: config.KMS_SIGNATURES_PER_MINUTE,
    });
    const issue = createIssue({
      keys: signing.keys,
      sign,
      clock,
      unsignedFallback: config.UNSIGNED_FALLBACK === 'allow',
    });
    const licenses = createLicenseMemory(store, clock);
    const random = Math.random;
    const usage = createUsageNotes({ store, clock, random });
    const release = createRelease({ store, clock, random, usage });
    const acquire = createAcquire<Issued>({ store, clock, random, onLicense: licenses.remember, usage });
    const heartbeat = createHeartbeat({ store, clock, licenses, release, usage });
    return {
      routes: seatsRoutes({
        acquire,
        heartbeat,
        release,
        issue,
        machines: createLocalLimit({ clock, limit: ACQUIRES_PER_HOUR }),
      }),
      close: async () => {
        await usage.close();
        await Promise.all([store.close(), signing.close()]);
      },
    };
  },
});
