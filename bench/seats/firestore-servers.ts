import { startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { startFirestoreEmulator } from '#local/firestore/emulator.ts';
import { findEmulator } from '#local/firestore/find.ts';
import { systemClock } from '#shared/model/clock.ts';

/** A Firestore on loopback to measure on. */
export interface BenchFirestore {
  /** As it is called in what is printed. */
  readonly name: string;
  readonly host: string;
  close(): Promise<void>;
}

/** Google's emulator, in a process of its own. Undefined when it is not installed. */
export async function startEmulator(): Promise<BenchFirestore | undefined> {
  const installed = process.env['FIRESTORE_EMULATOR_HOST'] || (await findEmulator().catch(() => undefined));
  return installed ? { name: "Google's Firestore emulator", ...(await startFirestoreEmulator()) } : undefined;
}

/** The stand-in of local/firestore/embedded/, in this process, so that it shares a core with the clients. */
export async function startEmbedded(): Promise<BenchFirestore> {
  const { host, close } = await startEmbeddedFirestore({ clock: systemClock });
  return { name: 'the embedded Firestore, a stand-in in this process', host, close };
}
