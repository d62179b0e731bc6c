import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyVersion } from '#shared/keys/key-source.ts';
import { DEFAULT_PERIODS, deriveStates, type KeyState } from '#shared/keys/lifecycle.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1);
const version = (number: number, ageInHours: number): KeyVersion => ({
  keyVersion: `licenses.${number}`,
  algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
  createdAt: NOW - ageInHours * HOUR,
});
const place = (versions: readonly KeyVersion[], now = NOW) => deriveStates(versions, now, DEFAULT_PERIODS);
const states = (versions: readonly KeyVersion[], now = NOW) =>
  Object.fromEntries(place(versions, now).map(({ keyVersion, state }) => [keyVersion, state]));

const versions = fc
  .array(fc.integer({ min: -10 * HOUR, max: 200 * HOUR }), { maxLength: 8 })
  .map((ages) => ages.map((age, index) => version(index + 1, age / HOUR)));

describe('deriveStates', () => {
  it('publishes a version for 48 hours before it signs, to the millisecond', () => {
    const list = [version(1, 1000), version(2, 0)];
    expect(states(list)).toEqual({ 'licenses.1': 'signing', 'licenses.2': 'published' });
    expect(states(list, NOW + 48 * HOUR - 1)).toEqual({ 'licenses.1': 'signing', 'licenses.2': 'published' });
    expect(states(list, NOW + 48 * HOUR)).toEqual({ 'licenses.1': 'retired', 'licenses.2': 'signing' });
  });

  it('signs with the oldest while none is old enough', () => {
    expect(states([version(3, 0), version(1, 47), version(2, 10)])).toEqual({
      'licenses.3': 'published',
      'licenses.2': 'published',
      'licenses.1': 'signing',
    });
  });

  it('orders versions of the same instant by number, not by text', () => {
    expect(place([version(9, 100), version(10, 100), version(2, 100)]).map(({ keyVersion }) => keyVersion)).toEqual([
      'licenses.10',
      'licenses.9',
      'licenses.2',
    ]);
  });

  it('follows the settings', () => {
    const periods = { ...DEFAULT_PERIODS, publishBeforeSigning: 0 };
    expect(deriveStates([version(1, 10), version(2, 0)], NOW, periods).map(({ state }) => state)).toEqual([
      'signing',
      'retired',
    ]);
  });

  it('places none when there is none', () => {
    expect(place([])).toEqual([]);
  });

  it('has exactly one that signs, newer ones published and older ones retired', () => {
    fc.assert(
      fc.property(versions, (list) => {
        const placed = place(list);
        expect(placed.length).toBe(list.length);
        expect(placed.filter(({ state }) => state === 'signing').length).toBe(Math.min(1, list.length));
        const order: readonly KeyState[] = ['published', 'signing', 'retired'];
        const ranks = placed.map(({ state }) => order.indexOf(state));
        expect(ranks).toEqual(ranks.toSorted());
        const times = placed.map(({ createdAt }) => createdAt);
        expect(times).toEqual(times.toSorted((a, b) => b - a));
      }),
    );
  });

  it('signs with one too young only when there is none old enough', () => {
    fc.assert(
      fc.property(versions, (list) => {
        const old = ({ createdAt }: KeyVersion) => NOW - createdAt >= 48 * HOUR;
        const signing = place(list).find(({ state }) => state === 'signing');
        if (signing !== undefined) expect(old(signing)).toBe(list.some(old));
      }),
    );
  });

  it('comes to the same answer whatever order KMS lists them in', () => {
    fc.assert(
      fc.property(versions, (list) => {
        expect(place(list.toReversed())).toEqual(place(list));
      }),
    );
  });

  it('never goes back to an older version as time passes', () => {
    fc.assert(
      fc.property(versions, fc.nat(200), (list, hours) => {
        const signing = (now: number) => place(list, now).find(({ state }) => state === 'signing')?.createdAt ?? 0;
        expect(signing(NOW + hours * HOUR)).toBeGreaterThanOrEqual(signing(NOW));
      }),
    );
  });
});
