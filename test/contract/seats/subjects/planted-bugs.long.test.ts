import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMBEDDED_HISTORIES, EMULATOR_HISTORIES } from '../firestores.ts';
import { calmHistories, INSTANCES } from './histories.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { play } from './play.ts';

/** The checker of subjects.test.ts finds every guard that is left out. */
const MAX_RUNS = 300;
const SEED = 5;

class Found extends Error {}

describe.for([EMBEDDED_HISTORIES, EMULATOR_HISTORIES])('on $name', ({ present, open }) => {
  test.skipIf(!present).for(PLANTED_BUGS)('finds: $name', { timeout: 240_000 }, async ({ breaks, decorate }) => {
    const database = await open(INSTANCES);
    const found: string[] = [];
    const property = fc.asyncProperty(calmHistories, async (history) => {
      const { broken } = await play(database, history, decorate);
      found.push(...broken);
      if (broken.length > 0) throw new Found();
    });
    try {
      const options = { seed: SEED, numRuns: MAX_RUNS, endOnFailure: true };
      const { numRuns, errorInstance } = await fc.check(property, options);
      if (errorInstance instanceof Error && !(errorInstance instanceof Found)) throw errorInstance;
      expect(found, `in ${numRuns} histories`).toEqual(expect.arrayContaining([expect.stringMatching(breaks)]));
    } finally {
      await database.close();
    }
  });
});
