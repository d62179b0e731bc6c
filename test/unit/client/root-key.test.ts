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

function setUp(storage = memoryStorage(), pem: string | string[] = root.publicKey.pem) {
  const state = { now: START, requests: 0, served: undefined as unknown };
  const surroundings = {
    url: 'http://licenses.example',
    storage,
    now: () => state.now,
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
  return { state, source, find, storage };
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
    state.served = undefined;
    state.now += 2 * MINUTE;
    expect(await find({ keysSequence: second.sequence + 1 }, other.keyVersion)).toEqual([other.kid]);
    await expect(find({ keysSequence: second.sequence + 1, fresh: true }, other.keyVersion)).rejects.toThrow(
      KeysUnavailable,
    );
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
