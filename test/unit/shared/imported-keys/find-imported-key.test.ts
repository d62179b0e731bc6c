import { describe, expect, test } from 'vitest';
import { createFindImportedKey } from '#shared/imported-keys/find-imported-key.ts';
import { hashImportedKey } from '#shared/imported-keys/imported-key.ts';
import { createResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { formatLicenseKey } from '#shared/license-format/license-key.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';
import { memoryStore } from '../../memory-store.ts';

const PEPPER = 'p'.repeat(32);
const OWN = formatLicenseKey('lic_0123456789ab', 'A'.repeat(27));

/** A store with one imported key, a clock, and a limit of so many misses an hour. */
async function setUp(limit: number) {
  const memory = memoryStore();
  const hash = hashImportedKey(PEPPER, 'GOODGOODKEYKEY01');
  await memory.commit([{ op: 'create', path: `imported_keys/${hash}`, fields: { license_id: 'lic_good' } }]);
  const state = { now: 0, reads: 0, misses: 0 };
  const find = createFindImportedKey({
    store: {
      get: (paths) => {
        state.reads += 1;
        return memory.get(paths);
      },
    },
    clock: { now: () => state.now },
    countMiss: async () => {
      state.misses += 1;
      return { allowed: state.misses <= limit, limit, remaining: limit - state.misses, reset: 100 };
    },
  });
  return { state, find, resolve: createResolveKey({ pepper: PEPPER, find }), memory };
}

describe('finding a key of an older system', () => {
  test('costs a read a minute, and a wrong one a read in ten seconds, counted once', async () => {
    const { state, resolve } = await setUp(10);
    for (let i = 0; i < 3; i += 1) expect((await resolve('goodgood-keykey01'))?.key.licenseId).toBe('lic_good');
    expect(state).toMatchObject({ reads: 1, misses: 0 });
    for (let i = 0; i < 3; i += 1) expect(await resolve('badbad-badbad-badbad')).toBeUndefined();
    expect(state).toMatchObject({ reads: 2, misses: 1 });
    state.now = 10_000;
    await resolve('badbad-badbad-badbad');
    state.now = 60_000;
    await resolve('goodgood-keykey01');
    expect(state).toMatchObject({ reads: 4, misses: 2 });
  });

  test('beyond the limit costs nothing and ends for all but keys seen good, until the hour is over', async () => {
    const { state, resolve } = await setUp(1);
    await resolve('goodgood-keykey01');
    await resolve('badbad-badbad-bad001');
    await resolve('badbad-badbad-bad002');
    const { reads } = state;
    await expect(resolve('badbad-badbad-bad003')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 100 });
    state.now = 90_000;
    expect((await resolve('goodgood-keykey01'))?.key.licenseId).toBe('lic_good');
    await expect(resolve('badbad-badbad-bad004')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 10 });
    expect(state.reads).toBe(reads);
    state.now = 100_000;
    expect(await resolve('badbad-badbad-bad003')).toBeUndefined();
  });

  test('leaves keys of our own alone: no read with their prefix, one without', async () => {
    const { state, resolve } = await setUp(1);
    const own = { key: OWN, hash: hashLicenseKey(OWN) };
    expect(await resolve(OWN.text)).toEqual(own);
    expect(state.reads).toBe(0);
    expect(await resolve(OWN.text.slice('CS-'.length))).toEqual(own);
    expect(state).toMatchObject({ reads: 1, misses: 0 });
    await resolve('badbad-badbad-bad001');
    await resolve('badbad-badbad-bad002');
    state.now = 20_000;
    expect(await resolve(OWN.text.slice('CS-'.length)), 'beyond the limit, too').toEqual(own);
  });

  test('a key that reads as ours without its prefix is the imported one', async () => {
    const { resolve, memory } = await setUp(1);
    const text = OWN.text.slice('CS-'.length).replaceAll('-', '');
    const hash = hashImportedKey(PEPPER, text);
    await memory.commit([{ op: 'create', path: `imported_keys/${hash}`, fields: { license_id: 'lic_other' } }]);
    expect(await resolve(text)).toEqual({ key: { licenseId: 'lic_other', text }, hash });
    expect(await resolve(OWN.text)).toMatchObject({ key: OWN });
  });

  test('is off without a pepper', async () => {
    const { state, find } = await setUp(1);
    const resolve = createResolveKey({ pepper: undefined, find });
    expect(await resolve('goodgood-keykey01')).toBeUndefined();
    expect(await resolve(OWN.text)).toMatchObject({ key: OWN });
    expect(state.reads).toBe(0);
  });
});
