import { describe, expect, test } from 'vitest';
import { occupancyByHour } from '#functions/admin/occupancy.ts';
import { createUsage } from '#functions/admin/usage.ts';
import { usagePeriod } from '#functions/admin/usage-period.ts';
import type { Fields, Query } from '#shared/store/store.ts';
import { license, NOW, sessionOf } from '../seats/fixtures.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('seats by hour', () => {
  test('count intervals that begin before the period, cross hours and end after it', () => {
    const hours = occupancyByHour(
      [
        { from: -HOUR, until: HOUR / 2 },
        { from: HOUR / 4, until: 3 * HOUR },
        { from: HOUR / 2, until: 9 * HOUR },
      ],
      0,
      4 * HOUR,
    );
    expect([...hours]).toEqual([
      [0, { peak: 2, held: 0.5 * HOUR + 0.75 * HOUR + 0.5 * HOUR }],
      [HOUR, { peak: 2, held: 2 * HOUR }],
      [2 * HOUR, { peak: 2, held: 2 * HOUR }],
      [3 * HOUR, { peak: 1, held: HOUR }],
    ]);
  });

  test('count a seat once when one session follows another at the same moment', () => {
    const hours = occupancyByHour(
      [
        { from: 100, until: 200 },
        { from: 200, until: 300 },
        { from: 50, until: 100 },
        { from: 10, until: 10 },
      ],
      0,
      HOUR,
    );
    expect([...hours]).toEqual([[0, { peak: 1, held: 250 }]]);
  });

  test('leave out hours in which none was held', () => {
    const hours = occupancyByHour([{ from: 5 * HOUR, until: 6 * HOUR }], 0, 24 * HOUR);
    expect([...hours]).toEqual([[5 * HOUR, { peak: 1, held: HOUR }]]);
  });

  test('agree with counting each moment', () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    const unit = HOUR / 10;
    const intervals = Array.from({ length: 200 }, () => {
      const from = random(60) * unit - 5 * unit;
      return { from, until: from + random(30) * unit };
    });
    const hours = occupancyByHour(intervals, 0, 5 * HOUR);
    for (let hour = 0; hour < 5; hour += 1) {
      const levels = Array.from({ length: 10 }, (_, index) => {
        const at = hour * HOUR + index * unit;
        return intervals.filter(({ from, until }) => from <= at && at < until).length;
      });
      expect(hours.get(hour * HOUR)).toEqual({
        peak: Math.max(...levels),
        held: levels.reduce((sum, level) => sum + level * unit, 0),
      });
    }
  });
});

describe('the period', () => {
  const at = (text: string) => Date.parse(text);
  const now = at('2026-11-23T12:30:00Z');
  const shown = ({ from, to }: { from: number; to: number }) => [from, to].map((time) => new Date(time).toISOString());

  test('is the latest 31 days or 24 hours by default, this one included', () => {
    expect(shown(usagePeriod({ resolution: 'day' }, now))).toEqual([
      ...['2026-10-24T00:00:00.000Z', '2026-11-24T00:00:00.000Z'],
    ]);
    expect(shown(usagePeriod({ resolution: 'hour' }, now))).toEqual([
      ...['2026-11-22T13:00:00.000Z', '2026-11-23T13:00:00.000Z'],
    ]);
    expect(shown(usagePeriod({ resolution: 'day' }, at('2026-11-23T00:00:00Z')))[1]).toBe('2026-11-24T00:00:00.000Z');
  });

  test('has whole days or hours, and its end is not part of it', () => {
    const [from, to] = [at('2026-11-01T00:00:00Z'), at('2026-11-03T00:00:00Z')];
    expect(shown(usagePeriod({ resolution: 'day', from, to }, now))).toEqual(shown({ from, to }));
    expect(shown(usagePeriod({ resolution: 'day', from: from + 1, to: to + 1 }, now))).toEqual([
      ...['2026-11-01T00:00:00.000Z', '2026-11-04T00:00:00.000Z'],
    ]);
  });

  test.each([
    ['begins at its end', { resolution: 'day' as const, from: now, to: at('2026-11-23T00:00:00Z') }],
    ['is too long', { resolution: 'day' as const, from: now - 101 * DAY }],
    ['is too long by hour', { resolution: 'hour' as const, from: now - 32 * DAY }],
  ])('is refused when it %s', (_name, asked) => {
    expect(() => usagePeriod(asked, now)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('a report', () => {
  interface World {
    readonly live?: readonly Fields[];
    readonly ended?: readonly { acquired_at: number; held_until: number; ended_at: number }[];
    readonly usage?: readonly Fields[];
    readonly used?: number;
    readonly max_seats?: number;
    readonly maxSessions?: number;
  }

  function reportOf({ live = [], ended = [], usage = [], used = 0, max_seats = 10, maxSessions = 100 }: World) {
    const document = (fields: Fields, index: number) => ({
      path: `some/${index}`,
      id: `${fields['id'] ?? index}`,
      fields,
      updateTime: { seconds: '1', nanos: 0 },
    });
    const endings = ended
      .map((fields) => ({ license_id: 'l', tenant_id: 't', reason: 'released', seats_used: 0, ...fields }))
      .sort((a, b) => b.ended_at - a.ended_at);
    const found: Record<string, readonly Fields[]> = { sessions: live, ended_sessions: endings };
    const report = createUsage({
      store: {
        get: async () => [],
        query: async ({ collection, limit }: Query) => (found[collection] ?? usage).slice(0, limit).map(document),
        count: async () => used,
      },
      clock: { now: () => NOW },
      licenses: { get: async () => ({ ...license(), max_seats }) },
      maxSessions,
    });
    const everything = { includes: () => true, tenantFor: () => 't' };
    return report(everything, 'l', { resolution: 'hour' });
  }

  function live(acquired_at: number): Fields {
    const [{ handle: _handle, updateTime: _updateTime, ...fields }] = sessionOf('m', '0', NOW + HOUR);
    return { ...fields, acquired_at };
  }

  const hourAgo = (hours: number) => Math.floor(NOW / HOUR) * HOUR - hours * HOUR;
  const last = <T>(items: readonly T[], back = 0): T | undefined => items.at(-1 - back);

  test('derives peaks and seat-hours of hours in which nothing began or ended', async () => {
    const { buckets, exactFrom } = await reportOf({ live: [live(hourAgo(3))], used: 1 });
    expect(buckets).toHaveLength(24);
    expect(exactFrom).toBe(buckets[0]?.at);
    expect(buckets.slice(-4).map(({ peak, seatHours }) => [peak, seatHours])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, (NOW - hourAgo(0)) / HOUR],
    ]);
  });

  test('takes the higher one of what was noted and what is derived, and adds up what the instances counted', async () => {
    const day = new Date(hourAgo(1)).toISOString().slice(0, 10);
    const hour = `h${new Date(hourAgo(1)).toISOString().slice(11, 13)}`;
    const { buckets } = await reportOf({
      usage: [
        { day, peaks: { [hour]: 4 }, denials: { [hour]: { no_seats: 2 } } },
        { day, peaks: { [hour]: 7 }, denials: { [hour]: { no_seats: 3, license_expired: 1 } } },
        { day },
      ],
      ended: [{ acquired_at: hourAgo(1), held_until: hourAgo(0), ended_at: hourAgo(0) }],
    });
    expect(last(buckets, 1)).toEqual({
      at: hourAgo(1),
      peak: 7,
      seatHours: 1,
      denials: { no_seats: 5, license_expired: 1 },
    });
  });

  test('says from when on it is exact if there were more sessions than it reads', async () => {
    const ended = Array.from({ length: 12 }, (_, index) => {
      const begin = hourAgo(index + 1) + 1;
      return { acquired_at: begin, held_until: begin + 1000, ended_at: begin + 1000 };
    });
    const { buckets, exactFrom } = await reportOf({ ended, maxSessions: 5 });
    expect(exactFrom).toBe(hourAgo(4));
    expect(buckets.filter(({ seatHours }) => seatHours !== undefined)).toHaveLength(5);
    expect(buckets.filter(({ peak }) => peak > 0)).toHaveLength(4);
  });

  test('derives nothing when more sessions are live than it reads', async () => {
    const sessions = [live(hourAgo(3)), live(hourAgo(2))];
    const { buckets, exactFrom, period } = await reportOf({ live: sessions, used: 2, maxSessions: 2 });
    expect(exactFrom).toBe(period.to);
    expect(last(buckets)).toMatchObject({ peak: 2, seatHours: undefined });
  });

  test('never shows more seats than there were, though clocks of instances differ', async () => {
    const ended = [
      { acquired_at: hourAgo(1), held_until: hourAgo(1) + 503, ended_at: hourAgo(1) + 503 },
      { acquired_at: hourAgo(1) + 500, held_until: hourAgo(1) + 900, ended_at: hourAgo(1) + 900 },
    ];
    expect(last((await reportOf({ ended, max_seats: 1 })).buckets, 1)?.peak).toBe(1);
    expect(last((await reportOf({ ended, max_seats: 2 })).buckets, 1)?.peak).toBe(2);
  });
});
