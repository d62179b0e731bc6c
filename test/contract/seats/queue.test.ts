import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HISTORY_STORES } from './firestores.ts';
import { QUEUE_INSTANCES, queueHistories } from './queue-history.ts';
import { playQueue } from './queue-run.ts';

/**
 * Random histories of a licence with a queue: machines that wait, poll, leave and get seats, in random interleavings on
 * several instances, compared with the rule of admission. QUEUE_RUNS=2000 plays more of them, QUEUE_SEED one batch again.
 */
const RUNS = Number(process.env['QUEUE_RUNS'] ?? 5);
const SEED = process.env['QUEUE_SEED'];
const MILLISECONDS_A_RUN = 30_000;

describe.for(HISTORY_STORES)('on $name', ({ present, open }) => {
  test.skipIf(!present)(
    `nobody is served out of turn, twice or never in ${RUNS} random histories`,
    { timeout: RUNS * MILLISECONDS_A_RUN },
    async () => {
      const seed = SEED === undefined ? Math.floor(Math.random() * 2 ** 30) : Number(SEED);
      const database = await open(QUEUE_INSTANCES);
      const property = fc.asyncProperty(queueHistories, async (one) => {
        const { broken, history } = await playQueue(database, one);
        if (broken.length > 0) await database.wipe();
        expect(broken, history.join('\n')).toEqual([]);
      });
      try {
        await fc.assert(property, { seed, numRuns: RUNS });
      } finally {
        await database.close();
      }
    },
  );
});
