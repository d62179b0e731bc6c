import { describe, expect, test } from 'vitest';
import {
  clock,
  DATABASE,
  DAY,
  DOCUMENTS,
  generated,
  INVALID_ARGUMENT,
  NOT_FOUND,
  once,
  open,
  refusal,
  start,
} from './embedded.ts';

describe('a document', () => {
  const set = (fields: Record<string, object>, id = 'a') => ({ update: { name: `${DOCUMENTS}/things/${id}`, fields } });
  const text = (length: number) => ({ stringValue: 'x'.repeat(length) });
  const nested = (depth: number): object =>
    depth === 0 ? { integerValue: 1 } : { mapValue: { fields: { f: nested(depth - 1) } } };
  const numbers = (count: number) => ({ arrayValue: { values: Array(count).fill({ nullValue: 'NULL_VALUE' }) } });

  /** Name: 16 + `things` 7 + `a` 2; field `f` 2; string 1; document 32. */
  const OVERHEAD = 60;
  test.for<[name: string, fields: Record<string, object>, answer: unknown]>([
    ['of 1 MiB', { f: text(1_048_576 - OVERHEAD) }, 'OK'],
    ['of 1 MiB and a byte', { f: text(1_048_576 - OVERHEAD + 1) }, INVALID_ARGUMENT],
    ['of 20 levels', { f: nested(19) }, 'OK'],
    ['of 21 levels', { f: nested(20) }, INVALID_ARGUMENT],
    ['with 40,000 index entries', { f: numbers(39_999) }, 'OK'],
    ['with more', { f: numbers(40_000) }, INVALID_ARGUMENT],
    ['whose field has no name', { '': text(1) }, INVALID_ARGUMENT],
    ['whose field has a reserved name', { __f__: text(1) }, INVALID_ARGUMENT],
    ['with an array in an array', { f: { arrayValue: { values: [numbers(1)] } } }, INVALID_ARGUMENT],
  ])('%s', async ([, fields, answer]) => {
    const client = generated(await start());
    const result = await refusal(client.commit({ database: DATABASE, writes: [set(fields)] }, once));
    expect(typeof result === 'string' ? result : result[0]).toBe(answer);
  });

  test.for(['', '.', '..', '__id__', 'x'.repeat(1_501)])('cannot be called %j', async (id) => {
    const client = generated(await start());
    expect(await refusal(client.commit({ database: DATABASE, writes: [set({}, id)] }, once))).toMatchObject([
      INVALID_ARGUMENT,
      expect.any(String),
    ]);
  });

  test('takes 500 transforms in a commit and no more', async () => {
    const client = generated(await start());
    const transforms = Array.from({ length: 501 }, (_, at) => ({
      fieldPath: `f${at}`,
      increment: { integerValue: 1 },
    }));
    const commit = (count: number) => ({
      database: DATABASE,
      writes: [{ ...set({}), updateMask: { fieldPaths: [] }, updateTransforms: transforms.slice(0, count) }],
    });
    expect(await refusal(client.commit(commit(500), once))).toBe('OK');
    expect(await refusal(client.commit(commit(501), once))).toMatchObject([INVALID_ARGUMENT, expect.any(String)]);
  });

  test('is written once in a commit', async () => {
    const client = generated(await start());
    const writes = [set({}), set({ f: text(1) })];
    expect(await refusal(client.commit({ database: DATABASE, writes }, once))).toMatchObject([
      INVALID_ARGUMENT,
      expect.stringContaining('things/a'),
    ]);
    expect(await refusal(client.getDocument({ name: `${DOCUMENTS}/things/a` }, once))).toMatchObject([
      NOT_FOUND,
      expect.any(String),
    ]);
  });

  test('keeps its update time when a write changes nothing, and never has the same twice', async () => {
    const store = open(await start());
    const write = async (change: object) => {
      await store.commit([{ op: 'merge', path: 'things/a', fields: {}, ...change }]);
      const [document] = await store.get(['things/a']);
      return BigInt(document?.updateTime.seconds ?? 0) * 1_000_000_000n + BigInt(document?.updateTime.nanos ?? 0);
    };
    const [first, again] = [await write({ fields: { n: 1 } }), await write({ fields: { n: 1 } })];
    expect(again).toBe(first);
    // What was sent and what is computed are the same value.
    expect(await write({ increment: { n: 0 } })).toBe(first);
    expect(await write({ maximum: { n: 1 } })).toBe(first);
    const changed = await write({ fields: { n: 2 } });
    expect(changed).toBeGreaterThan(first);
    expect(await write({ increment: { added: 0 } })).toBeGreaterThan(changed);
  });

  test('is gone a day after the time that its TTL policy names, by the suite’s clock', async () => {
    const store = open(await start());
    const fields = { n: 1 };
    await store.commit([
      { op: 'create', path: 'things/a', fields, deleteAfter: clock.now() + 60_000 },
      { op: 'create', path: 'others/a', fields, deleteAfter: clock.now() + 60_000 },
    ]);
    clock.advance(DAY - 1);
    expect(await store.get(['things/a'])).toMatchObject([{ id: 'a' }]);
    clock.advance(120);
    expect(await store.get(['things/a', 'others/a'])).toMatchObject([undefined, { id: 'a' }]);
    expect(await store.query({ collection: 'things', where: [], limit: 1 })).toEqual([]);
  });
});
