import { startFirestoreEmulator } from '#local/firestore/emulator.ts';

/**
 * One emulator for all tests of a run: each stack and each suite has a project of its own in it, so nothing is shared
 * but the start of a Java machine. Tests of the emulator's own start take the variable away again.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const emulator = await startFirestoreEmulator();
  process.env['FIRESTORE_EMULATOR_HOST'] = emulator.host;
  return () => emulator.close();
}
