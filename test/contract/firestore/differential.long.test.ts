import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type EmbeddedFirestore, startEmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { systemClock } from '#shared/model/clock.ts';
import { type Connection, connect, type Play } from './answers.ts';
import { PLANTED_DIFFERENCES } from './planted-differences.ts';
import { allIndexes, sequences } from './requests.ts';

/**
 * The same random requests to the embedded Firestore and to Google's emulator: every answer is the same.
 * DIFFERENTIAL_RUNS=2000 plays more of them; DIFFERENTIAL_SEED, which a failure prints, plays one again.
 */
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 150);
const SEED = Number(
  process.env['DIFFERENTIAL_SEED'] ?? fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 30),
);
/** Sequences that are played side by side. */
const AT_ONCE = 8;
const PLANTED_SEED = 5;
const PLANTED_RUNS = 200;

describe.skipIf(inject('firestoreEmulator') === '')("beside Google's emulator", () => {
  let embedded: EmbeddedFirestore;
  let here: Connection;
  let there: Connection;

  beforeAll(async () => {
    process.env['METADATA_SERVER_DETECTION'] = 'none';
    embedded = await startEmbeddedFirestore({ clock: systemClock, databases: { '(default)': allIndexes() } });
    const project = `demo-differential-${randomUUID().slice(0, 8)}`;
    here = connect(embedded.host, project);
    there = connect(inject('firestoreEmulator'), project);
  });
  afterAll(async () => {
    await Promise.all([here.close(), there.close()]);
    await embedded.close();
  });

  const compare = (alter: (play: Play) => Play) =>
    fc.asyncProperty(sequences, async (sequence) => {
      const ours = alter(here.begin());
      const theirs = there.begin();
      for (const request of sequence) {
        const [mine, its] = await Promise.all([ours(request), theirs(request)]);
        expect({ request, answer: mine }).toEqual({ request, answer: its });
      }
    });

  test(`${RUNS} random sequences of requests are answered alike`, { timeout: RUNS * 2_000 }, async () => {
    const share = Math.ceil(RUNS / AT_ONCE);
    const seeds = Array.from({ length: AT_ONCE }, (_, index) => SEED + index);
    await Promise.all(
      seeds.map((seed) =>
        fc.assert(
          compare((play) => play),
          { seed, numRuns: share },
        ),
      ),
    );
  });

  test.concurrent.for(PLANTED_DIFFERENCES)('finds: $name', { timeout: 120_000 }, async ({ alter }) => {
    const { failed } = await fc.check(compare(alter), {
      seed: PLANTED_SEED,
      numRuns: PLANTED_RUNS,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
  });
});
