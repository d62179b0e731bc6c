import { inject } from 'vitest';
import { type Start, startEmbedded, startEmulated } from './database.ts';

const emulator = inject('firestoreEmulator');
const startEmulator: Start = (recorder) => startEmulated(emulator, recorder);

/** The ways to have a Firestore. One that is not here is skipped by name; see test/setup/emulator.ts. */
export const FIRESTORES = [
  { name: 'the embedded Firestore', present: true, start: startEmbedded },
  { name: "Google's emulator", present: emulator !== '', start: startEmulator },
] as const;
