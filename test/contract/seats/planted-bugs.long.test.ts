import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMBEDDED_HISTORIES } from './firestores.ts';
import { borrowSequences, INSTANCES, sequencesAbout } from './operations.ts';
import { PLANTED_BUGS } from './planted-bugs.ts';
import { play } from './run.ts';

/** The checker of model.test.ts finds every precondition that is left out: a checker that finds nothing is no evidence. */
const MAX_RUNS = 200;
const DAILY_RUNS = 8;
const SEED = 3;

class Found extends Error {}

describe.for([EMBEDDED_HISTORIES])('on $name', ({ present, open }) => {
  test.skipIf(!present).concurrent.for(PLANTED_BUGS)(
    'finds: $name',
    { timeout: 240_000 },
    async ({ breaks, scenario, decorate }) => {
      const database = await open(INSTANCES);
      const found: string[] = [];
      const property = fc.asyncProperty(
        scenario === 'daily' ? borrowSequences : sequencesAbout(scenario),
        async (sequence) => {
          const { broken } = await play(database, sequence, decorate);
          found.push(...broken);
          if (broken.length > 0) throw new Found();
        },
      );
      try {
        const { numRuns, errorInstance } = await fc.check(property, {
          seed: SEED,
          numRuns: scenario === 'daily' ? DAILY_RUNS : MAX_RUNS,
          endOnFailure: true,
        });
        // Any other error means that nothing was found.
        if (errorInstance instanceof Error && !(errorInstance instanceof Found)) throw errorInstance;
        expect(found, `in ${numRuns} sequences`).toEqual(expect.arrayContaining([expect.stringMatching(breaks)]));
      } finally {
        await database.close();
      }
    },
  );
});
