import { inject } from 'vitest';
import { openDatabase, type Start, startEmbedded, startEmulated } from './database.ts';
import { openInProcess } from './simulation/in-process.ts';

const emulator = inject('firestoreEmulator');
const startEmulator: Start = (recorder) => startEmulated(emulator, recorder);

/** The ways to have a Firestore. One that is not here is skipped by name; see test/setup/emulator.ts. */
export const FIRESTORES = [
  { name: 'the embedded Firestore', present: true, start: startEmbedded },
  { name: "Google's emulator", present: emulator !== '', start: startEmulator },
] as const;

/** Those that histories of thousands of calls are played on: the embedded one without a network, which takes a quarter of the time. */
export const HISTORY_STORES = [
  { name: 'the embedded Firestore, in this process', present: true, open: openInProcess },
  {
    name: "Google's emulator",
    present: emulator !== '',
    open: (instances: number) => openDatabase(startEmulator, instances),
  },
] as const;
