import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HistoryEvent, violations } from './member-history.ts';
import { type PlantedBug, plant, runSequence, sequences, startInstances } from './member-sequences.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

/** Twenty random sequences; a failure names the seed with which fast-check makes the same again. */
const RUNS = 20;

async function findFault(bug?: PlantedBug): Promise<{ failed: boolean; report: string; uses: HistoryEvent[] }> {
  const instances = await startInstances(suite, bug === undefined ? undefined : plant(bug));
  const uses: HistoryEvent[] = [];
  try {
    const details = await fc.check(
      fc.asyncProperty(sequences, async (rounds) => {
        suite.stack.clock.advance(3600); // allowances are by the hour
        const { history, owners } = await runSequence(suite, instances, rounds);
        uses.push(...history);
        expect(violations(history)).toEqual([]);
        expect(owners.filter((count) => count < 1)).toEqual([]);
        expect(history.filter(({ status }) => status >= 500)).toEqual([]);
      }),
      // A planted bug ends the search as soon as it is found.
      { numRuns: bug === undefined ? RUNS : 10 * RUNS, endOnFailure: true },
    );
    return { failed: details.failed, report: fc.defaultReportMessage(details) ?? '', uses };
  } finally {
    await instances.close();
  }
}

describe('several owners at once, on two instances', () => {
  test('never leave a tenant without an owner, and who was removed gets nothing from the next request on', async () => {
    const { failed, report, uses } = await findFault();
    expect(report).toBe('');
    expect(failed).toBe(false);
    // The sequences did something: people were removed, refused and served.
    const count = (kind: string, status: number) =>
      uses.filter((one) => one.kind === kind && one.status === status).length;
    expect(count('remove', 204)).toBeGreaterThan(RUNS / 2);
    expect(count('use', 403)).toBeGreaterThan(RUNS);
    expect(count('use', 200)).toBeGreaterThan(RUNS);
    expect(count('join', 200)).toBeGreaterThan(0);
  }, 300_000);

  test.each(['no guards', 'rights remembered'] as const)(
    'a planted bug is found: %s',
    async (bug) => {
      expect((await findFault(bug)).failed).toBe(true);
    },
    300_000,
  );
});

describe('the checker', () => {
  const event = (began: number, status: number) => ({ began, ended: began + 1, status });
  const removal = { ...event(1, 204), by: 0, of: 1, kind: 'remove' } as const;
  const use = { ...event(3, 200), by: 1, kind: 'use', needs: 'member', what: 'url' } as const;

  test('finds a request that succeeded after a removal, and none that overlapped it', () => {
    expect(violations([removal, use])).toHaveLength(1);
    expect(violations([removal, { ...use, status: 403 }])).toEqual([]);
    expect(violations([removal, { ...use, began: 2 }])).toEqual([]);
    expect(violations([{ ...removal, status: 403 }, use])).toEqual([]);
  });

  test('accepts whoever may have come back', () => {
    const join = { ...event(2, 200), by: 1, kind: 'join', role: 'guest' } as const;
    expect(violations([removal, join, use])).toEqual([]);
    expect(violations([removal, { ...join, status: 404 }, use])).toHaveLength(1);
    expect(violations([removal, join, { ...use, needs: 'owner' }])).toHaveLength(1);
  });

  test('finds an act of somebody who is no owner any more', () => {
    const demotion = { ...event(1, 200), by: 0, of: 1, kind: 'role', role: 'guest' } as const;
    expect(violations([demotion, { ...event(3, 204), by: 1, of: 2, kind: 'remove' }])).toHaveLength(1);
    expect(violations([demotion, use])).toEqual([]);
  });
});
