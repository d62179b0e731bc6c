import { expect, test } from 'vitest';
import { createBackoff, renewalDue } from '../../../client/src/seat/backoff.ts';

const INTERVAL = 120_000;
const earliest = createBackoff(() => 0);
const latest = createBackoff(() => 1 - Number.EPSILON);
const seconds = (milliseconds: number) => Math.round(milliseconds / 1000);

test('a beat comes an eighth of the interval early at most, and never late', () => {
  expect([earliest, latest].map((backoff) => seconds(backoff.nextHeartbeat(INTERVAL)))).toEqual([120, 105]);
  expect([earliest, latest].map((backoff) => seconds(backoff.firstHeartbeat(INTERVAL)))).toEqual([30, 120]);
});

test('retries double up to the interval, half of each at random', () => {
  const waits = (backoff: typeof earliest) => [1, 2, 3, 4, 5, 1_000].map((n) => seconds(backoff.retry(n, INTERVAL)));
  expect(waits(earliest)).toEqual([12, 24, 48, 60, 60, 60]);
  expect(waits(latest)).toEqual([24, 48, 96, 120, 120, 120]);
});

test('retries before there is a seat double from a second to a minute', () => {
  const waits = (backoff: typeof earliest) => [1, 2, 3, 6, 7, 1_000].map((n) => backoff.retryStart(n) / 1000);
  expect(waits(earliest)).toEqual([0.5, 1, 2, 16, 30, 30]);
  expect(waits(latest).map(Math.round)).toEqual([1, 2, 4, 32, 60, 60]);
});

test('Retry-After is waited for, and not by all until the same moment', () => {
  expect(earliest.retryStart(1, 30_000)).toBe(30_000);
  expect(seconds(latest.retryStart(1, 30_000))).toBe(45);
  expect(seconds(earliest.retry(9, INTERVAL, 5_000))).toBe(60);
});

test('a fresh signature is due at half of the offline time', () => {
  expect([renewalDue(0, 100, 49), renewalDue(0, 100, 50), renewalDue(0, undefined, 99)]).toEqual([false, true, false]);
});
