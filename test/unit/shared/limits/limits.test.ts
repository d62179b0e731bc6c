import { describe, expect, test } from 'vitest';
import { createAuthFailureThrottle, networkOf } from '#shared/limits/auth-failure-throttle.ts';
import { createLocalLimit } from '#shared/limits/local-limit.ts';
import { createSharedLimit } from '#shared/limits/shared-limit.ts';
import { Fault } from '#shared/model/errors.ts';
import { memoryCounter } from '../../memory-counter.ts';

/** A clock at the beginning of an hour. */
function clockAtTheHour() {
  let now = Date.UTC(2026, 0, 1, 12);
  return { now: () => now, advance: (seconds: number) => (now += seconds * 1000) };
}

describe('a limit in memory', () => {
  test('counts by key and by the hour', () => {
    const clock = clockAtTheHour();
    const limit = createLocalLimit({ clock, limit: 2 });
    expect(limit.take('a')).toEqual({ allowed: true, limit: 2, remaining: 1, reset: 3600 });
    clock.advance(600);
    expect(limit.take('a')).toEqual({ allowed: true, limit: 2, remaining: 0, reset: 3000 });
    expect(limit.take('a').allowed).toBe(false);
    expect(limit.take('b').allowed).toBe(true);
    clock.advance(3000);
    expect(limit.take('a')).toEqual({ allowed: true, limit: 2, remaining: 1, reset: 3600 });
  });

  test('forgets rather than grows', () => {
    const limit = createLocalLimit({ clock: clockAtTheHour(), limit: 1, maxBytes: 3 * 131 });
    for (const key of ['a', 'b', 'c', 'd']) limit.take(key);
    expect(limit.count('a')).toBe(0);
    expect(limit.count('d')).toBe(1);
  });
});

describe('a limit that instances share', () => {
  test('counts a batch as its number, all of it or nothing', async () => {
    const counter = memoryCounter();
    const limit = createSharedLimit({
      counter,
      clock: clockAtTheHour(),
      limit: 120,
      slice: 50,
      onFailure: () => undefined,
    });
    expect(await limit.take('u', 100)).toMatchObject({ allowed: true, remaining: 20 });
    expect(await limit.take('u', 21)).toMatchObject({ allowed: false });
    expect(await limit.take('u', 15)).toMatchObject({ allowed: true, remaining: 5 });
    expect(await limit.take('u', 6)).toMatchObject({ allowed: false });
    expect(await limit.take('u', 5)).toMatchObject({ allowed: true, remaining: 0 });
    const calls = counter.calls();
    for (let i = 0; i < 50; i += 1) expect(await limit.take('u')).toMatchObject({ allowed: false, remaining: 0 });
    expect(counter.calls()).toBe(calls);
  });

  test('gives batches that come together no more than the limit', async () => {
    const limit = createSharedLimit({
      counter: memoryCounter(),
      clock: clockAtTheHour(),
      limit: 1000,
      slice: 50,
      onFailure: () => undefined,
    });
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, i) => limit.take('u', 7 * (1 + (i % 9)))));
    const spent = statuses.reduce((sum, { allowed }, i) => sum + (allowed ? 7 * (1 + (i % 9)) : 0), 0);
    expect(spent).toBeLessThanOrEqual(1000);
    expect(spent).toBeGreaterThan(1000 - 63);
  });

  test.each([1, 2, 5])('%i instances together allow exactly the limit, at one write for a slice', async (instances) => {
    const counter = memoryCounter();
    const clock = clockAtTheHour();
    const limits = Array.from({ length: instances }, () =>
      createSharedLimit({ counter, clock, limit: 1000, slice: 50, onFailure: () => undefined }),
    );
    const takes = Array.from({ length: 3000 }, (_, i) => limits[i % instances]?.take('user:1'));
    const allowed = (await Promise.all(takes)).filter((status) => status?.allowed).length;
    expect(allowed).toBe(1000);
    expect(counter.calls()).toBeLessThanOrEqual(1000 / 50 + instances);
  });

  test('tells how much is left, and begins anew with the hour', async () => {
    const clock = clockAtTheHour();
    const limit = createSharedLimit({
      counter: memoryCounter(),
      clock,
      limit: 60,
      slice: 50,
      onFailure: () => undefined,
    });
    expect(await limit.take('u')).toEqual({ allowed: true, limit: 60, remaining: 59, reset: 3600 });
    for (let i = 0; i < 59; i += 1) await limit.take('u');
    expect(await limit.take('u')).toEqual({ allowed: false, limit: 60, remaining: 0, reset: 3600 });
    clock.advance(3600);
    expect((await limit.take('u')).allowed).toBe(true);
  });

  test('lets requests pass and says so when the store fails, and asks it again later', async () => {
    const clock = clockAtTheHour();
    const failures: unknown[] = [];
    let asked = 0;
    const counter = {
      add: () => {
        asked += 1;
        return Promise.reject(new Error('down'));
      },
    };
    const limit = createSharedLimit({ counter, clock, limit: 1, slice: 1, onFailure: (error) => failures.push(error) });
    for (let i = 0; i < 5; i += 1) expect((await limit.take('u')).allowed).toBe(true);
    expect([asked, failures.length]).toEqual([1, 1]);
    clock.advance(11);
    await limit.take('u');
    expect([asked, failures.length]).toEqual([2, 2]);
  });
});

describe('guessing', () => {
  test('gets slower, then 429; other faults are not counted', async () => {
    const waits: number[] = [];
    const wait = async (milliseconds: number) => waits.push(milliseconds);
    const throttle = createAuthFailureThrottle({ clock: clockAtTheHour(), limit: 30, wait });
    const wrong = new Fault('license_not_found', 'no');
    for (let i = 0; i < 30; i += 1) expect((await throttle.throttle('1.2.3.4', wrong)).error).toBe(wrong);
    expect(waits).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
    expect((await throttle.throttle('1.2.3.4', wrong)).error).toMatchObject({ code: 'rate_limited' });
    expect((await throttle.throttle('5.6.7.8', wrong)).error).toBe(wrong);
    const other = new Fault('no_seats_available', 'full');
    expect(await throttle.throttle('1.2.3.4', other)).toEqual({ error: other, headers: {} });
  });

  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s counts as %s', (address, counted) => {
    expect(networkOf(address)).toBe(counted);
  });
});
