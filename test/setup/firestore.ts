import { startFirestoreEmulator } from '#local/firestore/emulator.ts';

/**
 * Stacks run on the embedded Firestore, each on its own. With FIRESTORE=emulator they share one emulator of Google's,
 * each with a project of its own in it, so that nothing is shared but the start of a Java machine.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['FIRESTORE'] !== 'emulator') return undefined;
  const emulator = await startFirestoreEmulator();
  process.env['FIRESTORE_EMULATOR_HOST'] = emulator.host;
  return () => emulator.close();
}
