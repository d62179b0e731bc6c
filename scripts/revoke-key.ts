/**
 * Revokes a compromised version of the licence signing key, at once. The next rotation, which the operator asks for
 * right after, signs a list without it: from then on it neither signs nor is published.
 *
 *     PROJECT_ID=… SIGNING_KEY=projects/…/cryptoKeys/… node scripts/revoke-key.ts license-signing.3 "why"
 *
 * It may be repeated. What follows from it, and how to undo it, is in docs/key-compromise.md.
 */
import * as z from 'zod';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeyAdministrator } from '#shared/gcp/kms.ts';
import { revoke } from '#shared/keys/revoke.ts';
import { systemClock } from '#shared/model/clock.ts';
import { commonConfig, firestoreConfig, keyListConfig, readConfig, signingKeyConfig } from '#shared/model/config.ts';

const config = z.object({
  ...commonConfig.pick({ PROJECT_ID: true }).shape,
  ...firestoreConfig.pick({ FIRESTORE_ENDPOINT: true }).shape,
  ...keyListConfig.pick({ KEYS_DATABASE: true }).shape,
  ...signingKeyConfig.shape,
});

async function main([keyVersion, reason, ...more]: readonly string[]): Promise<number> {
  const env = readConfig(config, process.env);
  const keyId = env.SIGNING_KEY.slice(env.SIGNING_KEY.lastIndexOf('/') + 1);
  if (keyVersion === undefined || reason === undefined || more.length > 0 || !isVersionOf(keyId, keyVersion)) {
    process.stderr.write(`usage: node scripts/revoke-key.ts ${keyId}.VERSION "REASON"\n`);
    return 2;
  }
  const store = createFirestore({
    projectId: env.PROJECT_ID,
    database: env.KEYS_DATABASE,
    endpoint: env.FIRESTORE_ENDPOINT,
  });
  const kms = createKmsClient(env.KMS_ENDPOINT);
  try {
    const administrator = createKmsKeyAdministrator(kms, env.SIGNING_KEY);
    await revoke({ store, administrator, clock: systemClock }, keyVersion, reason);
    process.stdout.write(`${JSON.stringify({ revoked: keyVersion })}\n`);
    return 0;
  } finally {
    await Promise.all([store.close(), kms.close()]);
  }
}

function isVersionOf(keyId: string, keyVersion: string): boolean {
  return keyVersion.startsWith(`${keyId}.`) && /^[1-9]\d*$/.test(keyVersion.slice(keyId.length + 1));
}

process.exitCode = await main(process.argv.slice(2));
