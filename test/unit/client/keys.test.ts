import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKeys } from '../../../client/src/keys/material.ts';
import { pinnedKeys } from '../../../client/src/keys/pinned.ts';
import { type FoundKeys, firstOf, KeysUnavailable } from '../../../client/src/keys/source.ts';
import { unpinnedKeys } from '../../../client/src/keys/unpinned.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { localKeys } from '../shared/crypto/local-key.ts';

const file = readFileSync(resolve(import.meta.dirname, '../../vectors/licenses.json'), 'utf8');
const { keys } = JSON.parse(file);
const [first, second] = keys;
const kidsOf = (found: FoundKeys) => (typeof found === 'string' ? found : found.map(({ kid }) => kid));
const names = async (material: unknown) => (await readKeys(material)).map(({ kid, keyVersion }) => [kid, keyVersion]);

describe('key material', () => {
  const bare = ({ kty, n, e }: Record<string, string>) => ({ kty, n, e });
  test.each([
    ['the list of public keys', { keys }, 2, true],
    ['the same as text', JSON.stringify({ keys }), 2, true],
    ['an array', keys, 2, true],
    ['a JWKS', { keys: keys.map(bare) }, 2, false],
    ['a JWK', bare(first), 1, false],
    ['a PEM', first.pem, 1, false],
    ['PEMs in one text', first.pem + second.pem, 2, false],
  ])('%s', async (_what, material, count, versions) => {
    const expected = keys.map((key: Record<string, string>) => [key['kid'], versions ? key['key_version'] : undefined]);
    expect(await names(material)).toEqual(expected.slice(0, count));
  });

  const { jwk } = localKeys.first.publicKey;
  test.each([
    ['no keys at all', 'hello'],
    ['a JSON text of a text', '"hello"'],
    ['null', null],
    ['an empty object', {}],
    ['a PEM that holds something else', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
    ['a private key', localKeys.first.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['a short modulus', { ...jwk, n: jwk.n.slice(0, 342) }],
    ['another exponent', { ...jwk, e: 'Aw' }],
    ['an unknown algorithm', { ...jwk, algorithm: 'RSA_SIGN_PSS_4096_SHA256' }],
    ['an elliptic curve', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }],
  ])('%s is a TypeError', async (_what, material) => {
    await expect(readKeys(material)).rejects.toBeInstanceOf(TypeError);
  });
});

describe('unpinned keys', () => {
  function setUp(storage = memoryStorage()) {
    const state = { now: 0, requests: 0, up: true, published: [first] as unknown[] };
    const source = unpinnedKeys({
      url: 'http://keys.example',
      storage,
      now: () => state.now,
      fetch: async () => {
        state.requests += 1;
        if (!state.up) throw new Error('no network');
        const headers = { get: (name: string) => (name === 'cache-control' ? 'public, max-age=100' : null) };
        return { ok: true, status: 200, headers, text: async () => JSON.stringify({ keys: state.published }) };
      },
    });
    const find = async (keyVersion: string) => (await source.find({ keyVersion })).length;
    return { state, find, storage };
  }

  test('are asked for once in their max-age, and together', async () => {
    const { state, find } = setUp();
    expect(await Promise.all([find('vectors.1'), find('vectors.1')])).toEqual([1, 1]);
    state.now = 99_999;
    expect([await find('vectors.1'), state.requests]).toEqual([1, 1]);
    state.now = 100_000;
    expect([await find('vectors.1'), state.requests]).toEqual([1, 2]);
  });

  test('are asked for at once when a version is unknown, once a minute', async () => {
    const { state, find } = setUp();
    await find('vectors.1');
    state.published = keys;
    state.now = 59_999;
    expect([await find('vectors.2'), state.requests]).toEqual([0, 1]);
    state.now = 60_000;
    expect([await find('vectors.2'), state.requests]).toEqual([1, 2]);
  });

  test('serve on while the server does not answer, which is asked once a minute', async () => {
    const { state, find } = setUp();
    await find('vectors.1');
    state.up = false;
    state.now = 30 * 86_400_000;
    expect([await find('vectors.1'), await find('vectors.1'), state.requests]).toEqual([1, 1, 2]);
    state.now += 60_000;
    expect([await find('vectors.1'), state.requests]).toEqual([1, 3]);
  });

  test('survive a restart in the storage, and without one there are none', async () => {
    const earlier = setUp();
    await earlier.find('vectors.1');
    const later = setUp(earlier.storage);
    later.state.up = false;
    expect(await later.find('vectors.1')).toBe(1);
    const lost = setUp();
    lost.state.up = false;
    await expect(lost.find('vectors.1')).rejects.toBeInstanceOf(KeysUnavailable);
  });

  test('are only asked for what the pinned ones do not have', async () => {
    const { state } = setUp();
    const find = async () => {
      state.requests += 1;
      return readKeys(second);
    };
    const source = firstOf(pinnedKeys(first), { find });
    expect(kidsOf(await source.find({ keyVersion: 'vectors.1' }))).toEqual([first.kid]);
    expect(state.requests).toBe(0);
    expect(kidsOf(await source.find({ keyVersion: 'vectors.2' }))).toEqual([second.kid]);
    expect(state.requests).toBe(1);
  });
});
