import { describe, expect, it } from 'vitest';
import type { AcquireRequest } from '#functions/seats/acquire-request.ts';
import type { AcquireOutcome } from '#functions/seats/attempt.ts';
import { createKeyStanding } from '#functions/seats/key-standing.ts';
import { createLanes } from '#functions/seats/lanes.ts';
import { Fault } from '#shared/model/errors.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { licenseDocument } from '#shared/model/license.ts';
import type { Document } from '#shared/store/store.ts';
import { KEY, license, NOW } from './fixtures.ts';

const LICENSE = KEY.licenseId;
const { id: _id, updateTime: _updateTime, ...LICENSE_FIELDS } = license();
const GOOD = ['good-1', 'good-2'];

const document = (path: string, fields: Document['fields']): Document => ({
  path,
  id: path.slice(path.lastIndexOf('/') + 1),
  fields,
  updateTime: { seconds: '1', nanos: 0 },
});

const request = (keyHash: string, hardwareId = 'm') =>
  ({
    key: { licenseId: LICENSE, text: keyHash },
    keyHash,
    hardwareId,
    machine: hardwareId,
  }) as unknown as AcquireRequest;

/** Lanes over a store that counts reads and answers them, and groups, when the test says so. */
function setUp() {
  let now = NOW;
  const reads: { readonly paths: readonly string[]; readonly answer: () => void }[] = [];
  const groups: { readonly keys: readonly string[]; readonly answer: () => void }[] = [];
  const keys = createKeyStanding({ now: () => now });
  const find = (path: string): Document | undefined => {
    if (path === `licenses/${LICENSE}`) return document(path, licenseDocument(LICENSE_FIELDS));
    const hash = path.slice(path.lastIndexOf('/') + 1);
    return GOOD.includes(hash) ? document(path, newKeyFields('k', null, NOW)) : undefined;
  };
  const lanes = createLanes({
    keys,
    store: {
      get: (paths) => new Promise((resolve) => reads.push({ paths, answer: () => resolve(paths.map(find)) })),
    },
    acquire: (_license, requests) =>
      new Promise((resolve) =>
        groups.push({
          keys: requests.map(({ keyHash }) => keyHash),
          answer: () => {
            for (const one of requests) {
              const found = GOOD.includes(one.keyHash)
                ? [[one.keyHash, { ...newKeyFields('k', null, NOW), hash: one.keyHash }] as const]
                : [];
              keys.learn(one, { license: license(), keys: new Map(found) });
            }
            resolve(requests.map(({ keyHash }) => (GOOD.includes(keyHash) ? acquired : refused())));
          },
        }),
      ),
  });
  const outcome = (one: AcquireRequest) =>
    lanes(one).then((got) => (got.kind === 'refused' ? got.fault.code : got.kind));
  return { outcome, reads, groups, pass: (milliseconds: number) => (now += milliseconds) };
}
const acquired = { kind: 'acquired' } as unknown as AcquireOutcome;
const refused = (): AcquireOutcome => ({ kind: 'refused', fault: new Fault('license_not_found', 'no such key') });
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('strangers', () => {
  it('with 300 wrong keys for one machine cost one group and a read for each hundred', async () => {
    const { outcome, reads, groups } = setUp();
    const outcomes = Array.from({ length: 300 }, (_, i) => outcome(request(`wrong-${i}`)));
    expect(groups).toHaveLength(1);
    groups[0]?.answer();
    for (let answered = 0; answered < 3; answered += 1) {
      await settle();
      expect(reads).toHaveLength(answered + 1);
      reads[answered]?.answer();
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['license_not_found']));
    expect([groups.length, reads.length]).toEqual([1, 3]);
    expect(reads.map(({ paths }) => paths.length)).toEqual([101, 101, 100]);
  });

  it('do not stand before a key that was seen to be good, however long their group takes', async () => {
    const { outcome, groups } = setUp();
    const first = outcome(request('good-1', 'a'));
    groups[0]?.answer();
    expect(await first).toBe('acquired');
    const wrong = outcome(request('wrong', 'x'));
    const own = outcome(request('good-1', 'b'));
    expect(groups.map(({ keys }) => keys)).toEqual([['good-1'], ['wrong'], ['good-1']]);
    groups[2]?.answer();
    expect(await own).toBe('acquired');
    groups[1]?.answer();
    expect(await wrong).toBe('license_not_found');
  });

  it('who try a key again cost nothing for a minute', async () => {
    const { outcome, groups, reads, pass } = setUp();
    const first = outcome(request('wrong'));
    groups[0]?.answer();
    await first;
    for (let i = 0; i < 50; i += 1) expect(await outcome(request('wrong', `m${i}`))).toBe('license_not_found');
    expect([groups.length, reads.length]).toEqual([1, 0]);
    pass(60_001);
    void outcome(request('wrong'));
    expect(groups).toHaveLength(2);
  });

  it('one of whom has a good key: it changes lanes, and the others are refused by the same read', async () => {
    const { outcome, groups, reads } = setUp();
    const [first, bad, good, again] = [
      request('wrong-1'),
      request('wrong-2'),
      request('good-2'),
      request('good-2', 'n'),
    ].map(outcome);
    groups[0]?.answer();
    await settle();
    reads[0]?.answer();
    expect([await first, await bad]).toEqual(['license_not_found', 'license_not_found']);
    expect(groups[1]?.keys).toEqual(['good-2', 'good-2']);
    groups[1]?.answer();
    expect([await good, await again]).toEqual(['acquired', 'acquired']);
    expect(reads).toHaveLength(1);
  });
});

it('a whole floor that starts with one key on a fresh instance is two groups and no read of its own', async () => {
  const { outcome, groups, reads } = setUp();
  const outcomes = Array.from({ length: 80 }, (_, i) => outcome(request('good-1', `m${i}`)));
  groups[0]?.answer();
  await settle();
  expect(groups.map(({ keys }) => keys.length)).toEqual([1, 79]);
  groups[1]?.answer();
  expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['acquired']));
  expect(reads).toHaveLength(0);
});
