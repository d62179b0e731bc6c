/**
 * Signs with the root key which directory key is good, and stores the statement where key-rotation finds it. A person
 * runs it, with a right to the root key that was granted for the occasion: before the first deployment, and once a year.
 *
 *     PROJECT_ID=… ROOT_KEY=projects/…/cryptoKeys/license-root DIRECTORY_KEY=projects/…/cryptoKeys/license-directory \\
 *       node scripts/root-ceremony.ts [--root-version 1] [--directory-version 1] [--endorsed-by VERSION] [--days 400]
 *
 * It prints the root's public key, which goes into ROOT_KEYS and into the programs that pin it. It may be repeated.
 */
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeySource, createKmsSigner } from '#shared/gcp/kms.ts';
import { signDirectory } from '#shared/keys/ceremony.ts';
import { writeDirectory } from '#shared/keys/store.ts';
import { systemClock } from '#shared/model/clock.ts';
import {
  commonConfig,
  directoryKeyConfig,
  firestoreConfig,
  keyListConfig,
  readConfig,
  rootKeyConfig,
  signingKeyConfig,
} from '#shared/model/config.ts';

const config = z.object({
  ...commonConfig.pick({ PROJECT_ID: true }).shape,
  ...firestoreConfig.pick({ FIRESTORE_ENDPOINT: true }).shape,
  ...keyListConfig.pick({ KEYS_DATABASE: true }).shape,
  ...signingKeyConfig.pick({ KMS_ENDPOINT: true }).shape,
  ...directoryKeyConfig.pick({ DIRECTORY_KEY: true }).shape,
  ...rootKeyConfig.shape,
});

const { values } = parseArgs({
  options: {
    'root-version': { type: 'string', default: '1' },
    'directory-version': { type: 'string', default: '1' },
    'endorsed-by': { type: 'string' },
    days: { type: 'string', default: '400' },
  },
});
const env = readConfig(config, process.env);
const kms = createKmsClient(env.KMS_ENDPOINT);
const store = createFirestore({
  projectId: env.PROJECT_ID,
  database: env.KEYS_DATABASE,
  endpoint: env.FIRESTORE_ENDPOINT,
});
const versionOf = (key: string, number: string) => `${key.slice(key.lastIndexOf('/') + 1)}.${number}`;
try {
  const root = { source: createKmsKeySource(kms, env.ROOT_KEY), signer: createKmsSigner(kms, env.ROOT_KEY) };
  const rootVersion = versionOf(env.ROOT_KEY, values['root-version']);
  const endorsedBy = values['endorsed-by'];
  const statement = await signDirectory({
    root,
    directory: { source: createKmsKeySource(kms, env.DIRECTORY_KEY) },
    rootVersion,
    directoryVersion: versionOf(env.DIRECTORY_KEY, values['directory-version']),
    ...(endorsedBy === undefined ? {} : { endorsedBy: versionOf(env.ROOT_KEY, endorsedBy) }),
    now: systemClock.now(),
    days: z.coerce.number().int().min(1).max(800).parse(values.days),
  });
  await writeDirectory(store, statement);
  process.stderr.write(`${statement.directory_key} may sign key lists until ${statement.valid_until}.\n`);
  process.stdout.write(await root.source.readPem(rootVersion));
} finally {
  await Promise.all([store.close(), kms.close()]);
}
