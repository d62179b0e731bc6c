import { inject } from 'vitest';
import { openDatabase, type Start, startEmbedded, startEmulated } from './database.ts';
import { openInProcess } from './simulation/in-process.ts';

const emulator = inject('firestoreEmulator');
const startEmulator: Start = (recorder) => startEmulated(emulator, recorder);

export const EMBEDDED = { name: 'the embedded Firestore', present: true, start: startEmbedded };

/** Skipped by name where it is not installed; see test/setup/emulator.ts. */
export const EMULATOR = { name: "Google's emulator", present: emulator !== '', start: startEmulator };

/** For histories of thousands of calls: without a network, which takes a quarter of the time. */
export const EMBEDDED_HISTORIES = {
  name: 'the embedded Firestore, in this process',
  present: true,
  open: openInProcess,
};

export const EMULATOR_HISTORIES = {
  name: EMULATOR.name,
  present: EMULATOR.present,
  open: (instances: number) => openDatabase(startEmulator, instances),
};

/**
 * The Firestore of this run. `npm test` plays on the embedded one, which takes a quarter of the time; the same files are
 * played on Google's with the soak tests (`soak-contract` in vitest.config.ts).
 */
const onEmulator = inject('firestore') === 'emulator';
export const FIRESTORES = onEmulator ? [EMULATOR] : [EMBEDDED];
export const HISTORY_STORES = onEmulator ? [EMULATOR_HISTORIES] : [EMBEDDED_HISTORIES];
