import { expect, test } from 'vitest';
import { createUsageNotes } from '#functions/seats/usage.ts';
import { CommitError, type Write } from '#shared/store/store.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-23T12:00:00Z');

function setUp() {
  let now = START;
  let failing = false;
  const written: Write[] = [];
  const notes = createUsageNotes({
    store: {
      writeEach: async (writes) => {
        if (failing) throw new CommitError('unknown', new Error('lost'));
        written.push(...writes);
        return writes.map(() => undefined);
      },
    },
    clock: { now: () => now },
    random: () => 0.2,
  });
  return {
    notes,
    written,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    fail: (on: boolean) => {
      failing = on;
    },
  };
}

test('a mark is written when it is the highest of the day that this instance has noted', () => {
  const { notes, pass } = setUp();
  expect(notes.peak('l', 2)).toEqual([
    {
      op: 'merge',
      path: 'licenses/l/usage/2026-11-23-3',
      fields: { day: '2026-11-23' },
      maximum: { peak: 2 },
      deleteAfter: START + 100 * DAY,
    },
  ]);
  // Not noted: the commit has failed.
  expect(notes.peak('l', 2)).toHaveLength(1);
  notes.peakNoted('l', 2);
  expect([notes.peak('l', 1), notes.peak('l', 2)]).toEqual([[], []]);
  expect(notes.peak('l', 3)).toHaveLength(1);
  expect(notes.peak('other', 1)).toHaveLength(1);
  notes.peakNoted('l', 1);
  expect(notes.peak('l', 2)).toEqual([]);
  pass(DAY);
  expect(notes.peak('l', 1)).toMatchObject([{ path: 'licenses/l/usage/2026-11-24-3', maximum: { peak: 1 } }]);
  expect(notes.peak('l', 0)).toEqual([]);
});

test('the first refusals are written at once, then one write in 30 seconds', async () => {
  const { notes, written, pass } = setUp();
  for (let i = 0; i < 20; i += 1) {
    notes.denied('l', 1);
    await notes.flush();
  }
  expect(written).toHaveLength(5);
  pass(29_999);
  await notes.flush();
  expect(written).toHaveLength(5);
  pass(1);
  expect(notes.due()).toMatchObject([{ path: 'licenses/l/usage/2026-11-23-3', increment: { denials: 15 } }]);
  expect(notes.due()).toEqual([]);
});

test('days and licences are counted apart', async () => {
  const { notes, written, pass } = setUp();
  notes.denied('a', 2);
  notes.denied('b', 1);
  pass(DAY);
  notes.denied('a', 4);
  await notes.flush();
  expect(written.map((write) => [write.path, 'increment' in write && write.increment])).toEqual([
    ['licenses/a/usage/2026-11-23-3', { denials: 2 }],
    ['licenses/b/usage/2026-11-23-3', { denials: 1 }],
    ['licenses/a/usage/2026-11-24-3', { denials: 4 }],
  ]);
});

test('nothing is counted twice, and nothing is thrown', async () => {
  const { notes, written, fail } = setUp();
  notes.denied('l', 3);
  fail(true);
  await notes.flush();
  fail(false);
  await notes.flush();
  expect(written).toEqual([]);
});

test('what is left is written when the instance ends', async () => {
  const { notes, written } = setUp();
  for (let i = 0; i < 450; i += 1) notes.denied(`license-${i}`, 1);
  await notes.close();
  expect(written).toHaveLength(450);
  await notes.close();
  expect(written).toHaveLength(450);
});
