import * as z from 'zod';
import * as contract from '#shared/contract/key-rotation.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeyAdministrator, createKmsKeySource, createKmsSigner } from '#shared/gcp/kms.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { readRoots } from '#shared/keys/statements.ts';
import {
  commonConfig,
  directoryKeyConfig,
  firestoreConfig,
  keyListConfig,
  keyPeriods,
  signingKeyConfig,
} from '#shared/model/config.ts';
import { createRotate } from './rotate.ts';

/**
 * What Cloud Scheduler calls every day to roll the signing key and to sign the key list. It can make and disable
 * versions of the signing key and use none of them; it uses the directory key.
 */
export const keyRotation = defineFunction({
  name: 'key-rotation',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.pick({ FIRESTORE_ENDPOINT: true }).shape,
    ...signingKeyConfig.shape,
    ...directoryKeyConfig.shape,
    ...keyListConfig.shape,
  }),
  compose(config, { clock, log }) {
    const store = createFirestore({
      projectId: config.PROJECT_ID,
      database: config.KEYS_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const kms = createKmsClient(config.KMS_ENDPOINT);
    const rotate = createRotate({
      source: createKmsKeySource(kms, config.SIGNING_KEY),
      administrator: createKmsKeyAdministrator(kms, config.SIGNING_KEY),
      directory: createKmsSigner(kms, config.DIRECTORY_KEY),
      roots: readRoots(config.ROOT_KEYS),
      store,
      clock,
      log,
      periods: keyPeriods(config),
      listGoodFor: config.KEY_LIST_DAYS * 86_400,
    });
    return {
      routes: [
        bind(contract.rotateKeys, async () => {
          const { active, sequence, ...rotated } = await rotate();
          log.log('INFO', 'keys_rotated', { ...rotated, active, sequence });
          return { status: 200, body: rotated };
        }),
      ],
      close: async () => {
        await Promise.all([store.close(), kms.close()]);
      },
    };
  },
});
