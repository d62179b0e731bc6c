import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HISTORY_STORES } from '../firestores.ts';
import { histories, INSTANCES } from './histories.ts';
import { play } from './play.ts';

/** SUBJECTS_RUNS=5000 plays more histories; SUBJECTS_SEED, which a failure prints, plays the same ones again. */
const RUNS = Number(process.env['SUBJECTS_RUNS'] ?? 15);
const SEED = Number(
  process.env['SUBJECTS_SEED'] ?? fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 30),
);

describe.for(HISTORY_STORES)('on $name', ({ present, open }) => {
  test.skipIf(!present)(
    `a user, a machine or a process never has two seats in ${RUNS} random histories`,
    { timeout: 60_000 + RUNS * 2_000 },
    async () => {
      const database = await open(INSTANCES);
      let moved = 0;
      const property = fc.asyncProperty(histories, async (history) => {
        const { broken, log, moves } = await play(database, history);
        moved += moves;
        if (broken.length > 0) await database.wipe();
        expect(broken, log.join('\n')).toEqual([]);
      });
      try {
        await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true });
      } finally {
        await database.close();
      }
      if (RUNS >= 50) expect(moved).toBeGreaterThan(0);
    },
  );
});
