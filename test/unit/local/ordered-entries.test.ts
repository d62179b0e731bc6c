import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOrderedEntries } from '#local/firestore/embedded/ordered-entries.ts';

/** Few enough that keys meet again, more than a bucket holds. */
const key = fc.integer({ min: 0, max: 1_500 }).map((number) => `k${String(number).padStart(4, '0')}`);
const change = fc.record({ key, kept: fc.boolean() });

test('entries are those of a sorted array, and are counted between any two places', () => {
  const changes = fc.array(change, { maxLength: 3_000, size: 'max' });
  fc.assert(
    fc.property(changes, fc.array(fc.tuple(key, key), { minLength: 5 }), (history, places) => {
      const entries = createOrderedEntries<string>();
      const expected = new Set<string>();
      for (const { key, kept } of history) {
        if (kept) entries.insert(key, key);
        else entries.remove(key);
        if (kept) expected.add(key);
        else expected.delete(key);
      }
      const sorted = [...expected].sort();
      expect(entries.first()?.key).toBe(sorted[0]);
      for (const [start, end] of [...places, ['', '\u0100'] as const]) {
        const between = sorted.filter((key) => key >= start && key < end);
        expect([...entries.between(start, end)]).toEqual(between);
        expect(entries.count(start, end)).toBe(between.length);
      }
    }),
    { numRuns: 30 },
  );
});
