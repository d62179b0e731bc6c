import { z } from 'zod';
import * as contract from '#shared/contract/license-signing.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeySource, createKmsSigner } from '#shared/gcp/kms.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { readArchive } from '#shared/keys/archive.ts';
import { createKeyDirectory } from '#shared/keys/directory.ts';
import { commonConfig, firestoreConfig, KEY_LIST_MAX_AGE, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { budgetConfig } from '#shared/signing/budget.ts';
import { createSignClaims } from '#shared/signing/sign-claims.ts';
import { createSign } from './sign.ts';

/** Signs licence data for the vendor's own services and staff. */
export const licenseSigning = defineFunction({
  name: 'license-signing',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
    ...budgetConfig.shape,
    TOKEN_ISSUER: z.url().describe('the `iss` of licence tokens'),
  }),
  compose(config, { clock, log }) {
    const store = createFirestore({
      projectId: config.PROJECT_ID,
      database: config.FIRESTORE_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const keys = createKeyDirectory({
      source: createKmsKeySource(kms, config.SIGNING_KEY),
      archive: () => readArchive(store),
      clock,
      periods: keyPeriods(config),
      maxAge: KEY_LIST_MAX_AGE,
      onStale: (error) => log.log('ERROR', 'stale_keys', { error }),
    });
    const signClaims = createSignClaims({
      signer: createKmsSigner(kms, config.SIGNING_KEY),
      clock,
      log,
      issuer: config.TOKEN_ISSUER,
      perMinute: config.KMS_SIGNATURES_PER_MINUTE,
    });
    const sign = createSign({ keys, signClaims });
    return {
      routes: [
        bind(contract.signLicense, async ({ body, inexact }) => ({
          status: 200,
          body: await sign({ payload: body.payload, format: body.token_format, inexact }),
        })),
      ],
      counter: store,
      close: async () => {
        await Promise.all([store.close(), kms.close()]);
      },
    };
  },
});
