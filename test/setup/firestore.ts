import { resolve } from 'node:path';
import { startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { createRsaKeys } from '#local/kms/rsa-keys.ts';

/** As many as a stack takes at its start, and one to rotate to. */
const RSA_KEYS = 4;

/**
 * Stacks run on the embedded Firestore, each on its own. With FIRESTORE=emulator they share one emulator of Google's,
 * each with a project of its own in it, so that nothing is shared but the start of a Java machine.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  await makeKeys();
  if (process.env['FIRESTORE'] !== 'emulator') return undefined;
  const emulator = await startFirestoreEmulator();
  process.env['FIRESTORE_EMULATOR_HOST'] = emulator.host;
  return () => emulator.close();
}

/** On a fresh clone: all at once and before the first test, which would otherwise wait for them one by one. */
async function makeKeys(): Promise<void> {
  const keys = createRsaKeys(resolve(import.meta.dirname, '../../.local/test/keys'));
  await keys.prepare(4096, RSA_KEYS);
  for (let number = 1; number <= RSA_KEYS; number += 1) await keys.take(4096);
}
