import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HISTORY_STORES } from './firestores.ts';
import { borrowSequences, INSTANCES } from './operations.ts';
import { play } from './run.ts';

/**
 * Random histories with borrowed seats: borrowed, for longer, given back, recalled, suspended and reinstated, with fewer
 * seats and changed keys. BORROW_RUNS=2000 plays more of them; BORROW_SEED plays one series again.
 */
const RUNS = Number(process.env['BORROW_RUNS'] ?? 8);
const SEED = process.env['BORROW_SEED'];
const MILLISECONDS_A_RUN = 20_000;

describe.for(HISTORY_STORES)('on $name', ({ present, open }) => {
  test.skipIf(!present)(
    `no borrowed copy works without a seat, and none is lent beyond the cap, in ${RUNS} random histories`,
    { timeout: RUNS * MILLISECONDS_A_RUN },
    async () => {
      const database = await open(INSTANCES);
      const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(SEED);
      const property = fc.asyncProperty(borrowSequences, async (sequence) => {
        const { broken, history } = await play(database, sequence);
        if (broken.length > 0) await database.wipe();
        expect(broken, history.join('\n')).toEqual([]);
      });
      try {
        await fc.assert(property, { seed, numRuns: RUNS, endOnFailure: true });
      } catch (error) {
        throw new Error(`BORROW_SEED=${seed}`, { cause: error });
      } finally {
        await database.close();
      }
    },
  );
});
