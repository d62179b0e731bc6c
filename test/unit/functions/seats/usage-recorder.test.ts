import { expect, test } from 'vitest';
import { createUsageRecorder } from '#functions/seats/usage-recorder.ts';
import { CommitError, type Write } from '#shared/store/store.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-23T12:00:00Z');

function setUp() {
  let now = START;
  let failing = false;
  const written: Write[] = [];
  const accept = (writes: readonly Write[]) => {
    if (failing) throw new CommitError('unknown', new Error('lost'));
    written.push(...writes);
  };
  const recorder = createUsageRecorder({
    store: {
      commit: async (writes) => accept(writes),
      writeEach: async (writes) => {
        accept(writes);
        return writes.map(() => undefined);
      },
    },
    clock: { now: () => now },
    random: () => 0.2,
  });
  return {
    recorder,
    written,
    /** The marks that a commit with this peak writes. */
    async marksOf(licenseId: string, seats: number) {
      written.length = 0;
      await recorder.commit([SESSION], { licenseId, seats });
      expect(written[0]).toEqual(SESSION);
      return written.slice(1);
    },
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    fail: (on: boolean) => {
      failing = on;
    },
  };
}

const SESSION: Write = { op: 'create', path: 'sessions/s', fields: {} };

test('a commit carries a mark when it is the highest of the day that this instance has written', async () => {
  const { marksOf, pass } = setUp();
  expect(await marksOf('l', 2)).toEqual([
    {
      op: 'merge',
      path: 'licenses/l/usage/2026-11-23-3',
      fields: { day: '2026-11-23' },
      maximum: { peak: 2 },
      deleteAfter: START + 100 * DAY,
    },
  ]);
  expect([await marksOf('l', 1), await marksOf('l', 2)]).toEqual([[], []]);
  expect(await marksOf('l', 3)).toHaveLength(1);
  expect(await marksOf('other', 1)).toHaveLength(1);
  expect(await marksOf('l', 2)).toEqual([]);
  pass(DAY);
  expect(await marksOf('l', 1)).toMatchObject([{ path: 'licenses/l/usage/2026-11-24-3', maximum: { peak: 1 } }]);
  expect(await marksOf('l', 0)).toEqual([]);
});

test('a mark whose commit or write failed is written with the next one', async () => {
  const { recorder, marksOf, fail } = setUp();
  fail(true);
  await expect(recorder.commit([SESSION], { licenseId: 'l', seats: 2 })).rejects.toBeInstanceOf(CommitError);
  expect(await recorder.writeEach([SESSION], { licenseId: 'l', seats: 2 })).toEqual(['unknown']);
  fail(false);
  expect(await marksOf('l', 2)).toHaveLength(1);
});

test('writes that are applied each on its own carry marks too, and are answered without them', async () => {
  const { recorder, written } = setUp();
  expect(await recorder.writeEach([SESSION], { licenseId: 'l', seats: 2 })).toEqual([undefined]);
  expect(await recorder.writeEach([SESSION], { licenseId: 'l', seats: 2 })).toEqual([undefined]);
  expect(written.map(({ op }) => op)).toEqual(['create', 'merge', 'create']);
});

test('the first denials are written at once, then one write in 30 seconds', async () => {
  const { recorder, written, pass } = setUp();
  for (let i = 0; i < 20; i += 1) {
    recorder.recordDenials('l', 1);
    await recorder.flush();
  }
  expect(written).toHaveLength(5);
  pass(29_999);
  await recorder.flush();
  expect(written).toHaveLength(5);
  pass(1);
  expect(recorder.takePending()).toMatchObject([{ path: 'licenses/l/usage/2026-11-23-3', increment: { denials: 15 } }]);
  expect(recorder.takePending()).toEqual([]);
});

test('days and licences are counted apart', async () => {
  const { recorder, written, pass } = setUp();
  recorder.recordDenials('a', 2);
  recorder.recordDenials('b', 1);
  pass(DAY);
  recorder.recordDenials('a', 4);
  await recorder.flush();
  expect(written.map((write) => [write.path, 'increment' in write && write.increment])).toEqual([
    ['licenses/a/usage/2026-11-23-3', { denials: 2 }],
    ['licenses/b/usage/2026-11-23-3', { denials: 1 }],
    ['licenses/a/usage/2026-11-24-3', { denials: 4 }],
  ]);
});

test('no denial is counted twice, and no failure is thrown', async () => {
  const { recorder, written, fail } = setUp();
  recorder.recordDenials('l', 3);
  fail(true);
  await recorder.flush();
  fail(false);
  await recorder.flush();
  expect(written).toEqual([]);
});

test('everything pending is written when the instance ends', async () => {
  const { recorder, written } = setUp();
  for (let i = 0; i < 450; i += 1) recorder.recordDenials(`license-${i}`, 1);
  await recorder.close();
  expect(written).toHaveLength(450);
  await recorder.close();
  expect(written).toHaveLength(450);
});
