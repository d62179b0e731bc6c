import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Open } from './database.ts';
import { HISTORY_STORES } from './firestores.ts';
import { INSTANCES, sequences } from './operations.ts';
import { play } from './run.ts';

/**
 * Random histories of clients, instances, the scheduler and administrators, in random interleavings, against
 * every Firestore there is. SEATS_RUNS=5000 plays more of them; SEATS_SEED and SEATS_PATH, which a failure prints, play one again.
 */
const RUNS = Number(process.env['SEATS_RUNS'] ?? 25);
const SEED = process.env['SEATS_SEED'];
const PATH = process.env['SEATS_PATH'];

/** Sequences of one database, and databases at once. */
const BATCH = 25;
const WORKERS = 8;
const MILLISECONDS_A_RUN = 4_000;

async function playMany(open: Open, seed: number, numRuns: number, path?: string): Promise<void> {
  const database = await open(INSTANCES);
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const { broken, history } = await play(database, sequence);
    // The next sequence must not find what a broken one leaves behind.
    if (broken.length > 0) await database.wipe();
    expect(broken, history.join('\n')).toEqual([]);
  });
  try {
    await fc.assert(property, { seed, numRuns, ...(path === undefined ? {} : { path }) });
  } catch (error) {
    throw new Error(`SEATS_SEED=${seed} (its path is below, for SEATS_PATH)`, { cause: error });
  } finally {
    await database.close();
  }
}

describe.for(HISTORY_STORES)('on $name', ({ present, open }) => {
  test.skipIf(!present)(
    `nothing is ever oversold, lost or revived in ${RUNS} random histories`,
    { timeout: RUNS * MILLISECONDS_A_RUN },
    async () => {
      if (SEED !== undefined) return playMany(open, Number(SEED), BATCH, PATH);
      const first = Math.floor(Math.random() * 2 ** 30);
      const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, index) => first + index).values();
      const worker = async () => {
        for (const seed of batches) await playMany(open, seed, BATCH);
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
    },
  );
});
