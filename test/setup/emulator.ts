import type { TestProject } from 'vitest/node';
import { startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { findEmulator } from '#local/firestore/find.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** `host:port` of Google's Firestore emulator; empty where it is not installed, and its tests are skipped. */
    readonly firestoreEmulator: string;
    /** Which one the tests of stores are played on. */
    readonly firestore: 'embedded' | 'emulator';
  }
}

/** One emulator for the tests that run against it, each with projects of its own. In CI it must be there. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = process.env['FIRESTORE_EMULATOR_HOST']
    ? undefined
    : await findEmulator().catch((error: Error) => error);
  if (missing instanceof Error && !process.env['CI']) {
    process.stderr.write(`skipped: what is compared with Google's Firestore emulator. ${missing.message}\n`);
    project.provide('firestoreEmulator', '');
    return undefined;
  }
  const emulator = await startFirestoreEmulator();
  project.provide('firestoreEmulator', emulator.host);
  return () => emulator.close();
}
