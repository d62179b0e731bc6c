import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { deriveStates, saysTheSame } from '#shared/keys/list-rules.ts';
import type { KeyListClaims } from '#shared/keys/statements.ts';
import { localKeys } from '../crypto/local-key.ts';
import { DAY, listOf, START, version } from './signed-list.ts';

const HOUR = 3_600_000;
const { first: key } = localKeys;
const statesOf = (list: KeyListClaims, now: number) =>
  Object.fromEntries(
    deriveStates(
      list.keys,
      new Set(list.revoked.map(({ key_version }) => key_version)),
      now,
      DEFAULT_PERIODS.archiveAfter,
    ).map((one) => [one.key.key_version, one.state]),
  );

describe('the next list', () => {
  it('lets the first version sign at once', () => {
    const list = listOf([version(1, key)]);
    expect(list.keys).toMatchObject([
      { key_version: 'licenses.1', signs_from: '2026-01-01T00:00:00.000Z', state: 'signing' },
    ]);
    expect(list).toMatchObject({ expires_at: '2026-01-31T00:00:00.000Z', revoked: [] });
    expect(list.sequence).toBeGreaterThanOrEqual(1);
  });

  it('lets a later one sign when it has been listed for 48 hours, however old it is', () => {
    const one = listOf([version(1, key)]);
    const two = listOf([version(1, key), version(2, key, START + DAY)], START + 10 * DAY, one);
    expect(statesOf(two, START + 12 * DAY - 1)).toEqual({ 'licenses.2': 'published', 'licenses.1': 'signing' });
    expect(statesOf(two, START + 12 * DAY)).toEqual({ 'licenses.2': 'signing', 'licenses.1': 'retired' });
  });

  it('lets the only other one sign at once when the signing one is revoked', () => {
    const one = listOf([version(1, key), version(2, key)]);
    const revoked = listOf([version(1, key), version(2, key)], START + HOUR, one, [
      { keyVersion: 'licenses.2', at: START },
    ]);
    expect(statesOf(revoked, START + HOUR)).toEqual({ 'licenses.1': 'signing' });
    expect(revoked.keys.map(({ key_version }) => key_version)).toEqual(['licenses.1']);
    expect(revoked.revoked).toEqual([
      { key_version: 'licenses.2', kid: key.publicKey.kid, at: '2026-01-01T00:00:00.000Z' },
    ]);
  });

  it('keeps what was revoked when the record of it is gone', () => {
    const one = listOf([version(1, key)], START, undefined, [{ keyVersion: 'licenses.1', at: START }]);
    expect(listOf([version(1, key)], START + DAY, one)).toMatchObject({ keys: [], revoked: one.revoked });
  });

  it('keeps a key that KMS no longer has enabled, until nothing that it signed can be valid', () => {
    const one = listOf([version(1, key)]);
    const two = listOf([version(1, key), version(2, key, START + 30 * DAY)], START + 30 * DAY, one);
    const later = (days: number) => listOf([version(2, key)], START + days * DAY, two);
    expect(statesOf(later(62), START + 62 * DAY)).toEqual({ 'licenses.2': 'signing', 'licenses.1': 'archived' });
    expect(later(461).keys).toHaveLength(2);
    expect(later(462).keys.map(({ key_version }) => key_version)).toEqual(['licenses.2']);
  });

  it('has a number that only grows, also after an older list was restored or a clock was behind', () => {
    const one = listOf([version(1, key)]);
    expect(listOf([], START, one).sequence).toBe(one.sequence + 1);
    expect(listOf([], START - DAY, one).sequence).toBe(one.sequence + 1);
    expect(listOf([], START + DAY, undefined).sequence).toBeGreaterThan(one.sequence + 100);
  });

  it('says the same while no key changes its state', () => {
    const one = listOf([version(1, key)]);
    expect(saysTheSame(one, listOf([version(1, key)], START + DAY, one))).toBe(true);
    expect(saysTheSame(one, listOf([version(1, key), version(2, key)], START + DAY, one))).toBe(false);
  });

  it('has at most one signing key, and always one while there is any', () => {
    const ages = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 6 });
    fc.assert(
      fc.property(ages, fc.integer({ min: 0, max: 600 }), (days, at) => {
        let list: KeyListClaims | undefined;
        for (const [index, day] of days.toSorted((a, b) => a - b).entries()) {
          list = listOf([version(index + 1, key, START + day * DAY)], START + day * DAY, list);
        }
        const states = list === undefined ? [] : Object.values(statesOf(list, START + at * DAY));
        expect(states.filter((state) => state === 'signing')).toHaveLength(states.length === 0 ? 0 : 1);
      }),
    );
  });
});
