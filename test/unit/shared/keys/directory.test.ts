import { describe, expect, it } from 'vitest';
import { createMovableClock } from '#local/clock.ts';
import { createKeyDirectory } from '#shared/keys/directory.ts';
import type { KeyVersion } from '#shared/keys/key-source.ts';
import { Fault } from '#shared/model/errors.ts';
import { localKeys } from '../crypto/local-key.ts';

const MAX_AGE = 60;
const DAY = 24 * 3600;
const pems = new Map(
  Object.values(localKeys).map(({ signingKey, publicKey }) => [signingKey.keyVersion, publicKey.pem]),
);

/** Stands still until it is moved, so that an age can be exact to the millisecond. */
function stillClock() {
  let now = Date.UTC(2026, 0, 31);
  return {
    now: () => now,
    advance: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

function setUp() {
  const clock = stillClock();
  const asked: string[] = [];
  const stale: unknown[] = [];
  const state = { versions: [version(1, 100 * DAY)], failure: undefined as unknown };

  function version(number: number, age: number): KeyVersion {
    const createdAt = clock.now() - age * 1000;
    return { keyVersion: `licenses.${number}`, algorithm: 'RSA_SIGN_PKCS1_4096_SHA256', createdAt };
  }
  const ask = async <T>(what: string, answer: () => T): Promise<T> => {
    asked.push(what);
    await Promise.resolve();
    if (state.failure !== undefined) throw state.failure;
    return answer();
  };
  const directory = createKeyDirectory({
    source: {
      listVersions: () => ask('list', () => state.versions),
      readPem: (keyVersion) => ask(keyVersion, () => pems.get(keyVersion) ?? ''),
    },
    clock,
    maxAge: MAX_AGE,
    onStale: (error) => stale.push(error),
  });
  return { clock, asked, stale, state, version, directory };
}

const names = ({ keys }: { readonly keys: readonly KeyVersion[] }) => keys.map(({ keyVersion }) => keyVersion);

describe('createKeyDirectory', () => {
  it('asks nothing before the first request', () => {
    expect(setUp().asked).toEqual([]);
  });

  it('finds a key by its version and by its thumbprint', async () => {
    const { directory } = setUp();
    const { keys, byVersion, byKid } = await directory.current();
    const [key] = keys;
    expect(key).toMatchObject({ keyVersion: 'licenses.1', state: 'signing' });
    expect(key?.publicKey.pem).toBe(localKeys.first.publicKey.pem);
    expect(byVersion.get('licenses.1')).toBe(key);
    expect(byKid.get(localKeys.first.publicKey.kid)).toBe(key);
    expect([byVersion.size, byKid.size]).toEqual([1, 1]);
  });

  it('reads once for all who wait, the first time and when the list is stale', async () => {
    const { directory, asked, clock } = setUp();
    const all = () => Promise.all(Array.from({ length: 50 }, () => directory.current()));
    const first = await all();
    expect(asked).toEqual(['list', 'licenses.1']);
    expect(new Set(first).size).toBe(1);
    clock.advance(MAX_AGE);
    const second = await all();
    expect(asked).toEqual(['list', 'licenses.1', 'list']);
    expect(new Set([...first, ...second]).size).toBe(2);
  });

  it('keeps the list for its age, to the millisecond', async () => {
    const { directory, asked, clock } = setUp();
    await directory.current();
    clock.advance(MAX_AGE - 0.001);
    await directory.current();
    expect(asked).toEqual(['list', 'licenses.1']);
    clock.advance(0.001);
    await directory.current();
    expect(asked).toEqual(['list', 'licenses.1', 'list']);
  });

  it('notices a new version and fetches only its key', async () => {
    const { directory, asked, clock, state, version } = setUp();
    await directory.current();
    state.versions = [...state.versions, version(2, 0)];
    expect(names(await directory.current())).toEqual(['licenses.1']);
    clock.advance(MAX_AGE);
    expect(names(await directory.current())).toEqual(['licenses.2', 'licenses.1']);
    expect(asked).toEqual(['list', 'licenses.1', 'list', 'licenses.2']);
    expect(await directory.signingKey()).toMatchObject({ keyVersion: 'licenses.1' });
    clock.advance(2 * DAY);
    expect(await directory.signingKey()).toMatchObject({
      keyVersion: 'licenses.2',
      kid: localKeys.second.publicKey.kid,
    });
  });

  it('forgets a version that KMS no longer lists', async () => {
    const { directory, clock, state, version } = setUp();
    state.versions = [version(2, 10 * DAY), version(1, 100 * DAY)];
    await directory.current();
    state.versions = state.versions.slice(0, 1);
    clock.advance(MAX_AGE);
    const { byVersion, byKid } = await directory.current();
    expect(byVersion.has('licenses.1')).toBe(false);
    expect(byKid.has(localKeys.first.publicKey.kid)).toBe(false);
  });

  it('says until when what signs now will be published', async () => {
    const { directory, clock } = setUp();
    expect(await directory.signingKey()).toEqual({
      keyVersion: 'licenses.1',
      kid: localKeys.first.publicKey.kid,
      algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
      publishedUntil: clock.now() / 1000 + 400 * DAY,
    });
  });

  it('works with the clock that tests move', async () => {
    const clock = createMovableClock();
    const keyVersion = { keyVersion: 'licenses.1', algorithm: 'RSA_SIGN_PKCS1_4096_SHA256', createdAt: 0 } as const;
    let lists = 0;
    const source = {
      listVersions: async () => {
        lists += 1;
        return [keyVersion];
      },
      readPem: async () => localKeys.first.publicKey.pem,
    };
    const directory = createKeyDirectory({ source, clock, maxAge: MAX_AGE });
    await directory.current();
    clock.advance(MAX_AGE);
    await directory.current();
    expect(lists).toBe(2);
  });
});

describe('createKeyDirectory while KMS fails', () => {
  const failure = new Fault('dependency_unavailable', 'down');

  it('has nothing to serve before it has read once, and reads again at the next request', async () => {
    const { directory, state, stale, asked } = setUp();
    state.failure = failure;
    await expect(directory.current()).rejects.toBe(failure);
    await expect(directory.signingKey()).rejects.toMatchObject({ code: 'signing_unavailable', cause: failure });
    expect(asked).toEqual(['list', 'list']);
    state.failure = undefined;
    expect(names(await directory.current())).toEqual(['licenses.1']);
    expect(stale).toEqual([]);
  });

  it('serves the last known keys, says so, and asks again ten seconds later', async () => {
    const { directory, state, stale, asked, clock } = setUp();
    const known = await directory.current();
    state.failure = failure;
    clock.advance(MAX_AGE);
    expect(await directory.current()).toBe(known);
    expect(stale).toEqual([failure]);
    clock.advance(9.999);
    expect(await directory.current()).toBe(known);
    expect(asked).toEqual(['list', 'licenses.1', 'list']);
    clock.advance(0.001);
    expect(await directory.current()).toBe(known);
    expect(asked).toEqual(['list', 'licenses.1', 'list', 'list']);
    expect(stale).toEqual([failure, failure]);
    expect(await directory.signingKey()).toMatchObject({ keyVersion: 'licenses.1' });
    state.failure = undefined;
    clock.advance(10);
    expect(await directory.current()).not.toBe(known);
  });

  it('tells once of one failed read, however many waited for it', async () => {
    const { directory, state, stale, clock } = setUp();
    const known = await directory.current();
    state.failure = failure;
    clock.advance(MAX_AGE);
    const answers = await Promise.all(Array.from({ length: 20 }, () => directory.current()));
    expect(new Set(answers)).toEqual(new Set([known]));
    expect(stale).toEqual([failure]);
  });

  it('serves the last known keys when the new version’s key cannot be had intact', async () => {
    const { directory, state, stale, clock, version } = setUp();
    const known = await directory.current();
    state.versions = [...state.versions, version(3, 0)];
    clock.advance(MAX_AGE);
    expect(await directory.current()).toBe(known);
    expect(stale).toEqual([expect.any(TypeError)]);
  });

  it('has no key to sign with when KMS lists none', async () => {
    const { directory, state } = setUp();
    state.versions = [];
    expect((await directory.current()).keys).toEqual([]);
    await expect(directory.signingKey()).rejects.toMatchObject({ code: 'signing_unavailable' });
  });
});
