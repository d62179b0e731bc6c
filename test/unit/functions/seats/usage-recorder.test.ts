import { describe, expect, test } from 'vitest';
import { denialReason } from '#functions/seats/denial.ts';
import { createUsageRecorder } from '#functions/seats/usage-recorder.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type Write } from '#shared/store/store.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-11-23T12:00:00Z');

function setUp() {
  let now = START;
  let failing = false;
  const calls: Write[][] = [];
  const waiting: (() => void)[] = [];
  const recorder = createUsageRecorder({
    store: {
      writeEach: async (writes) => {
        calls.push([...writes]);
        if (failing) throw new CommitError('unknown', new Error('lost'));
        return writes.map(() => undefined);
      },
    },
    clock: { now: () => now },
    random: () => 0.2,
    pause: () => new Promise<void>((resolve) => waiting.push(resolve)),
  });
  return {
    recorder,
    calls,
    /** What was counted since the last time it was asked, by path. */
    written: () =>
      calls
        .splice(0)
        .flat()
        .filter(({ path }) => path.includes('/usage/'))
        .map((write) => ('maximum' in write ? [write.path, write.maximum, write.increment] : write)),
    /** Time passes, and the writes that are due by then begin. */
    async pass(milliseconds: number) {
      now += milliseconds;
      for (const resume of waiting.splice(0)) resume();
      await new Promise(setImmediate);
    },
    fail: (on: boolean) => {
      failing = on;
    },
  };
}

const CLIENT = { user_email: null, hostname: null, platform: null, client_version: null };
const denied = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ machine: `machine-${index}`, client: CLIENT }));

const PATH = 'licenses/l/usage/2026-11-23-3';

describe('peaks', () => {
  test('are written once, with the highest of a second, behind what they count', async () => {
    const { recorder, calls, pass } = setUp();
    for (let seats = 1; seats <= 100; seats += 1) recorder.recordPeak({ licenseId: 'l', seats });
    recorder.recordPeak({ licenseId: 'l', seats: 40 });
    expect(calls).toEqual([]);
    await pass(1000);
    expect(calls).toEqual([
      [
        {
          op: 'merge',
          path: PATH,
          fields: { day: '2026-11-23' },
          maximum: { 'peaks.h12': 100 },
          increment: {},
          deleteAfter: START + 1000 + 100 * DAY,
        },
      ],
    ]);
  });

  test('of all licences go in one write a second, and only new ones', async () => {
    const { recorder, written, calls, pass } = setUp();
    const record = (...peaks: [string, number][]) => {
      for (const [licenseId, seats] of peaks) recorder.recordPeak({ licenseId, seats });
    };
    record(['l', 2], ['m', 1]);
    await pass(1000);
    expect(calls).toHaveLength(1);
    expect(written()).toEqual([
      [PATH, { 'peaks.h12': 2 }, {}],
      ['licenses/m/usage/2026-11-23-3', { 'peaks.h12': 1 }, {}],
    ]);
    record(['l', 1], ['l', 2], ['m', 0]);
    await pass(1000);
    expect(calls).toEqual([]);
    record(['l', 3]);
    await pass(1000);
    expect(written()).toEqual([[PATH, { 'peaks.h12': 3 }, {}]]);
  });

  test('begin again with each hour', async () => {
    const { recorder, written, pass } = setUp();
    recorder.recordPeak({ licenseId: 'l', seats: 5 });
    await pass(3_600_000);
    recorder.recordPeak({ licenseId: 'l', seats: 2 });
    recorder.recordPeak({ licenseId: 'l', seats: 4 });
    await pass(1000);
    expect(written()).toEqual([
      [PATH, { 'peaks.h12': 5 }, {}],
      [PATH, { 'peaks.h13': 4 }, {}],
    ]);
  });

  test('whose write failed are written with the next one', async () => {
    const { recorder, written, pass, fail } = setUp();
    fail(true);
    recorder.recordPeak({ licenseId: 'l', seats: 5 });
    await pass(1000);
    fail(false);
    written();
    recorder.recordPeak({ licenseId: 'l', seats: 4 });
    await pass(1000);
    expect(written()).toEqual([[PATH, { 'peaks.h12': 4 }, {}]]);
  });
});

describe('denials', () => {
  test('are written at once when the last write is a second ago, otherwise when it is', async () => {
    const { recorder, written, pass } = setUp();
    recorder.recordDenials('l', 'no_seats', denied(1));
    await recorder.flush();
    expect(written()).toEqual([[PATH, {}, { 'denials.h12.no_seats': 1 }]]);
    for (let i = 0; i < 20; i += 1) {
      recorder.recordDenials('l', i % 2 ? 'no_seats' : 'license_suspended', denied(1));
      await recorder.flush();
    }
    await pass(999);
    expect(written()).toEqual([]);
    await pass(1);
    expect(written()).toEqual([[PATH, {}, { 'denials.h12.license_suspended': 10, 'denials.h12.no_seats': 10 }]]);
  });

  test('share the write of a peak', async () => {
    const { recorder, written, calls } = setUp();
    recorder.recordPeak({ licenseId: 'l', seats: 3 });
    recorder.recordDenials('l', 'no_seats', denied(2));
    await recorder.flush();
    expect(calls).toHaveLength(1);
    expect(written()).toEqual([[PATH, { 'peaks.h12': 3 }, { 'denials.h12.no_seats': 2 }]]);
  });

  test('are counted by licence, day and hour', async () => {
    const { recorder, written, pass } = setUp();
    recorder.recordDenials('a', 'no_seats', denied(2));
    recorder.recordDenials('b', 'no_seats', denied(1));
    await pass(DAY);
    recorder.recordDenials('a', 'no_seats', denied(4));
    await pass(1000);
    expect(written()).toEqual([
      ['licenses/a/usage/2026-11-23-3', {}, { 'denials.h12.no_seats': 2 }],
      ['licenses/b/usage/2026-11-23-3', {}, { 'denials.h12.no_seats': 1 }],
      ['licenses/a/usage/2026-11-24-3', {}, { 'denials.h12.no_seats': 4 }],
    ]);
  });

  test('are never counted twice, and a failure is nobody else’s', async () => {
    const { recorder, written, pass, fail } = setUp();
    recorder.recordDenials('l', 'no_seats', denied(3));
    fail(true);
    await recorder.flush();
    fail(false);
    written();
    await pass(1000);
    await recorder.close();
    expect(written()).toEqual([]);
  });

  test('count under the code of the refusal, unless anybody can cause it', () => {
    const reason = (code: ConstructorParameters<typeof Fault>[0]) => denialReason(new Fault(code, ''));
    expect([reason('no_seats_available'), reason('license_expired'), reason('license_suspended')]).toEqual([
      ...['no_seats', 'license_expired', 'license_suspended'],
    ]);
    expect([reason('license_not_found'), reason('rate_limited'), reason('dependency_unavailable')]).toEqual([
      ...[undefined, undefined, undefined],
    ]);
  });
});

test('everything pending is written when the instance ends, and what is under way is waited for', async () => {
  const { recorder, calls, written } = setUp();
  for (let i = 0; i < 450; i += 1) recorder.recordDenials(`license-${i}`, 'no_seats', denied(1));
  recorder.recordPeak({ licenseId: 'license-0', seats: 1 });
  await recorder.close();
  expect(calls.map(({ length }) => length)).toEqual([200, 200, 200, 200, 100]); // with whose they were
  expect(written()[0]).toEqual([
    'licenses/license-0/usage/2026-11-23-3',
    { 'peaks.h12': 1 },
    { 'denials.h12.no_seats': 1 },
  ]);
  await recorder.close();
  expect(calls).toEqual([]);
});
