import * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/license-signing.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { openSigningKeys } from '#shared/gcp/signing-keys.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { commonConfig, firestoreConfig, keyListConfig, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { budgetConfig, openBudget } from '#shared/signing/budget.ts';
import { createSignClaims } from '#shared/signing/sign-claims.ts';
import { createRecordSignatures } from './record-signatures.ts';
import { createSign } from './sign.ts';

/** Signs licence data for the vendor's own services and staff. */
export const licenseSigning = defineFunction({
  name: 'license-signing',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
    ...keyListConfig.shape,
    ...budgetConfig.shape,
    TOKEN_ISSUER: z.url().describe('the `iss` of licence tokens'),
  }),
  compose(config, { clock, log }) {
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
    const sign = createSign({
      keys: signing.keys,
      signClaims,
      clock,
      record: createRecordSignatures({ store, clock, log }),
    });
    return {
      routes: [
        bind(contract.signLicense, async ({ body, inexact, ...caller }) => ({
          status: 200,
          body: await sign({ actor: actorOf(caller), payload: body.payload, format: body.token_format, inexact }),
        })),
      ],
      counter: store,
      people: store,
      close: async () => {
        await Promise.all([store.close(), signing.close()]);
      },
    };
  },
});
