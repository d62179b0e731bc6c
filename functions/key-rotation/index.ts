import * as z from 'zod';
import * as contract from '#shared/contract/key-rotation.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeyAdministrator, createKmsKeySource } from '#shared/gcp/kms.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { readArchive } from '#shared/keys/archive.ts';
import { commonConfig, firestoreConfig, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { createRotate } from './rotate.ts';

/** Rotates the signing key; Cloud Scheduler calls it daily. Its account can create and disable versions, not sign. */
export const keyRotation = defineFunction({
  name: 'key-rotation',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const rotate = createRotate({
      source: createKmsKeySource(kms, config.SIGNING_KEY),
      administrator: createKmsKeyAdministrator(kms, config.SIGNING_KEY),
      store,
      readArchive: () => readArchive(store),
      clock,
      periods: keyPeriods(config),
    });
    return {
      routes: [
        bind(contract.rotateKeys, async () => {
          const { active, ...rotated } = await rotate();
          log.log('INFO', 'keys_rotated', { ...rotated, active });
          return { status: 200, body: rotated };
        }),
      ],
      close: async () => {
        await Promise.all([store.close(), kms.close()]);
      },
    };
  },
});
