import { describe, expect, test } from 'vitest';
import { rootKey } from '../../../client/src/keys/root.ts';
import { KeysUnavailable } from '../../../client/src/keys/source.ts';
import { verifyLicense } from '../../../client/src/license/verify.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { formatTime } from '../../../shared/license-format/time.ts';
import { localKeys } from '../shared/crypto/local-key.ts';
import {
  DAY,
  directory,
  directoryStatement,
  documentOf,
  listOf,
  root,
  START,
  sign,
  version,
} from '../shared/keys/signed-list.ts';

const [signer, other] = [version(1, localKeys.first), version(2, localKeys.second)];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function setUp(storage = memoryStorage(), pem: string | string[] = root.publicKey.pem) {
  const state = { now: START, requests: 0, served: undefined as unknown };
  const stale: number[] = [];
  const surroundings = {
    url: 'http://licenses.example',
    storage,
    now: () => state.now,
    onStale: (until: number) => void stale.push(until),
    fetch: async (url: string) => {
      expect(url).toBe('http://licenses.example/.well-known/countersign-keys.json');
      state.requests += 1;
      if (state.served === undefined) throw new Error('no network');
      return { ok: true, status: 200, headers: { get: () => null }, text: async () => JSON.stringify(state.served) };
    },
  };
  const source = rootKey(pem).connect?.(surroundings) ?? rootKey(pem);
  const find = async (query = {}, keyVersion = signer.keyVersion) => {
    const found = await source.find({ keyVersion }, query);
    return typeof found === 'string' ? found : found.map((key) => key.kid);
  };
  return { state, source, find, storage, stale };
}

describe('a pinned root', () => {
  test('vouches for the keys of the list, which is asked for once an hour', async () => {
    const { state, find } = setUp();
    state.served = await documentOf(listOf([signer]));
    expect(await find()).toEqual([signer.kid]);
    state.now += 59 * MINUTE;
    expect([await find(), state.requests]).toEqual([[signer.kid], 1]);
    state.now += MINUTE;
    expect([await find(), state.requests]).toEqual([[signer.kid], 2]);
  });

  test('reads a newer list before a licence is accepted that names one', async () => {
    const { state, find } = setUp();
    const first = listOf([signer]);
    state.served = await documentOf(first);
    await find();
    state.now += 2 * MINUTE;
    const second = listOf([signer, other], state.now, first, [{ keyVersion: signer.keyVersion, at: state.now }]);
    expect(await find({ keysSequence: second.sequence })).toEqual([signer.kid]);
    state.now += 2 * MINUTE;
    state.served = await documentOf(second);
    expect(await find({ keysSequence: second.sequence })).toBe('revoked');
  });

  test('goes on with the known list, loudly, while a newer one cannot be fetched, and to its end', async () => {
    const { state, source, stale } = setUp();
    const list = listOf([signer]);
    state.served = await documentOf(list);
    const answer = (signedAt: number) =>
      sign(
        {
          key_version: signer.keyVersion,
          keys_sequence: list.sequence + 1,
          nonce: 'n',
          signed_at: formatTime(signedAt),
        },
        localKeys.first,
      );
    const reasonAt = async (now: number) => {
      state.now = now;
      const check = await verifyLicense(await answer(now), source, { now, nonce: 'n' });
      return check.valid ? 'valid' : check.reason;
    };
    expect([await reasonAt(START), stale]).toEqual(['valid', []]);
    const forged = await documentOf(list, directoryStatement(), localKeys.first);
    for (const [index, broken] of [undefined, 'no list', forged].entries()) {
      state.served = broken;
      stale.length = 0;
      const end = START + 44 * DAY;
      expect([await reasonAt(START + 3 * DAY), await reasonAt(end - 1), stale]).toEqual(['valid', 'valid', [end]]);
      expect(await reasonAt(end)).toBe('keys_expired');
      state.served = await documentOf(list);
      expect(await reasonAt(START + (index + 1) * 2 * HOUR)).toBe('valid');
    }
  });

  test('refuses an earlier statement of the root, whatever the number of its list', async () => {
    const highest = { ...listOf([other]), sequence: Number.MAX_SAFE_INTEGER };
    const later = { valid_from: formatTime(START + DAY), pem: localKeys.first.publicKey.pem };
    const cases = [
      // The directory key was stolen, and another one is named: its list begins at any number.
      [[directoryStatement(), directory], [directoryStatement(later), localKeys.first], 'newer'],
      // Renewed with the same key: numbers go on.
      [
        [directoryStatement(), directory],
        [directoryStatement({ ...later, pem: directory.publicKey.pem }), directory],
        'older',
      ],
      [[directoryStatement(later), localKeys.first], [directoryStatement(), directory], 'older'],
      [
        [directoryStatement({ root_version: 'license-root.10' }), directory],
        [directoryStatement({ ...later, root_version: 'license-root.9' }), localKeys.first],
        'older',
      ],
    ] as const;
    for (const [[firstStatement, firstKey], [secondStatement, secondKey], verdict] of cases) {
      const { state, find } = setUp();
      state.now = START + 2 * DAY;
      state.served = await documentOf(verdict === 'newer' ? highest : listOf([other]), firstStatement, firstKey);
      expect(await find({}, other.keyVersion)).toEqual([other.kid]);
      state.now += DAY;
      const served =
        verdict === 'newer' || firstKey === secondKey
          ? { ...listOf([signer]), sequence: 1 }
          : listOf([signer], state.now);
      state.served = await documentOf(served, secondStatement, secondKey);
      expect(await find()).toEqual(verdict === 'newer' ? [signer.kid] : []);
    }
  });

  test("whose statement begins tomorrow is the clock's fault", async () => {
    const { state, source } = setUp();
    state.served = await documentOf(listOf([signer]), directoryStatement({ valid_from: formatTime(START + DAY) }));
    const data = await sign({ key_version: signer.keyVersion }, localKeys.first);
    const check = async (now: number) => {
      const found = await verifyLicense(data, source, { now });
      return found.valid ? 'valid' : found.reason;
    };
    expect([await check(START), await check(START + DAY - 5 * MINUTE)]).toEqual(['not_yet_valid', 'valid']);
  });

  test('finds nothing under a revoked name or thumbprint, whatever else the list says', async () => {
    const { state, find } = setUp();
    const list = listOf([signer, other]);
    state.served = await documentOf({
      ...list,
      revoked: [{ key_version: 'licenses.9', kid: signer.kid, at: list.issued_at }],
    });
    expect([await find(), await find({}, other.keyVersion)]).toEqual(['revoked', [other.kid]]);
  });

  test('refuses a list with a lower number than it has seen, in an earlier run, too', async () => {
    const { state, find, storage } = setUp();
    const [older, newer] = [listOf([signer]), listOf([other], START + DAY)];
    state.served = await documentOf(newer);
    await find();
    const later = setUp(storage);
    later.state.served = await documentOf(older);
    expect([await later.find({}, other.keyVersion), await later.find()]).toEqual([[other.kid], []]);
    const first = setUp();
    first.state.served = await documentOf(older);
    expect(await first.find()).toEqual([signer.kid]);
  });

  test('takes nothing from the storage that is not signed', async () => {
    const { state, find, storage } = setUp();
    state.served = await documentOf(listOf([signer]));
    await find();
    const text = (await storage.get('signed-keys')) ?? '';
    await storage.set('signed-keys', text.replaceAll(signer.keyVersion, 'licenses.7'));
    await expect(setUp(storage).find({}, 'licenses.7')).rejects.toThrow(KeysUnavailable);
  });

  test('says so when the list is not its own', async () => {
    const { state, find } = setUp(memoryStorage(), directory.publicKey.pem);
    state.served = await documentOf(listOf([signer]));
    expect(await find()).toBe('untrusted_keys');
  });

  test('is followed to the root that it endorses, and that is remembered', async () => {
    const { state, find, storage } = setUp();
    const endorsement = await sign(
      {
        kind: 'root',
        pem: localKeys.second.publicKey.pem,
        root_version: 'license-root.2',
        endorsed_at: formatTime(START),
      },
      root,
    );
    const statement = { root_version: 'license-root.2', endorsement };
    state.served = await documentOf(listOf([signer]), directoryStatement(statement, localKeys.second));
    expect(await find()).toEqual([signer.kid]);
    const later = setUp(storage);
    const alone = directoryStatement({ root_version: 'license-root.2' }, localKeys.second);
    later.state.served = await documentOf(listOf([signer, other], START + DAY), alone);
    later.state.now += 2 * DAY;
    expect(await later.find({}, other.keyVersion)).toEqual([other.kid]);
    const stranger = setUp();
    stranger.state.served = later.state.served;
    expect(await stranger.find()).toBe('untrusted_keys');
  });

  test('lets a list verify for 14 days after its end, and says what is wrong after that', async () => {
    const { state, source } = setUp();
    state.served = await documentOf(listOf([signer]));
    const data = await sign(
      { key_version: signer.keyVersion, valid_until: formatTime(START + 99 * DAY) },
      localKeys.first,
    );
    const reasonAt = async (now: number) => {
      const check = await verifyLicense(data, source, { now });
      return check.valid ? 'valid' : check.reason;
    };
    const end = START + 44 * DAY;
    expect([await reasonAt(end - 1), await reasonAt(end)]).toEqual(['valid', 'keys_expired']);
  });

  test('is a TypeError when it is no PEM', () => {
    for (const pem of ['', 'hello', []]) expect(() => rootKey(pem)).toThrow(TypeError);
  });
});
