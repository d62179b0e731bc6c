import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { needOf } from '../../../scripts/terraform/index-needs.ts';
import { causeOf, FAILED_PRECONDITION, open, start } from './embedded.ts';

describe('a query', () => {
  const query = (where: [string, '==' | '>', string | number][], orderBy: [string, 'asc' | 'desc'][] = []) => ({
    ...{ collection: 'things', where, orderBy, limit: 10 },
  });

  test('without its index is refused, with the index that it wants', async () => {
    const store = open(await start());
    expect(await causeOf(store.query(query([['color', '==', 'red']], [['size', 'asc']])))).toEqual([
      FAILED_PRECONDITION,
      expect.stringContaining('things: color ASCENDING, size ASCENDING'),
    ]);
    expect(await causeOf(store.count(query([['at', '>', 1]])))).toEqual([
      FAILED_PRECONDITION,
      expect.stringContaining('things.at'),
    ]);
    await expect(store.query(query([['color', '==', 'red']], [['size', 'desc']]))).resolves.toEqual([]);
    await expect(
      store.query(
        query([
          ['color', '==', 'red'],
          ['shape', '==', 'round'],
        ]),
      ),
    ).resolves.toEqual([]);
  });

  test('by an index that documents enter, leave and move in', async () => {
    const store = open(await start());
    const found = async () =>
      (await store.query(query([['color', '==', 'red']], [['size', 'desc']]))).map(({ id }) => id);
    const create = (id: string, fields: Record<string, string | number>) =>
      store.commit([{ op: 'create', path: `things/${id}`, fields }]);
    await create('a', { color: 'red', size: 1 });
    await create('b', { color: 'blue', size: 2 });
    await create('c', { color: 'red' });
    expect(await found()).toEqual(['a']);
    await store.commit([
      { op: 'update', path: 'things/b', fields: { color: 'red' } },
      { op: 'update', path: 'things/c', fields: { size: 3 } },
    ]);
    expect(await found()).toEqual(['c', 'b', 'a']);
    await store.commit([
      { op: 'delete', path: 'things/c' },
      { op: 'update', path: 'things/a', fields: { size: 9 } },
    ]);
    expect(await found()).toEqual(['a', 'b']);
  });

  test('over thousands of documents is in order', async () => {
    const store = open(await start());
    const sizes = Array.from({ length: 3_000 }, (_, index) => (index * 7_919) % 3_001);
    await store.commit(sizes.map((size) => ({ op: 'create', path: `things/t${size}`, fields: { size } })));
    const gone = sizes.filter((size) => size % 3 === 0);
    await store.query(query([], [['size', 'asc']]));
    await store.commit(gone.map((size) => ({ op: 'delete', path: `things/t${size}` })));
    const rest = await store.query({ ...query([['size', '>', 1_000]], [['size', 'asc']]), limit: 5_000 });
    const expected = sizes.filter((size) => size % 3 !== 0 && size > 1_000).toSorted((a, b) => a - b);
    expect(rest.map(({ fields }) => fields['size'])).toEqual(expected);
    expect(await store.count(query([['size', '>', 1_000]]))).toBe(expected.length);
  });

  const field = fc.constantFrom('a', 'b', 'c');
  const direction = fc.constantFrom('asc' as const, 'desc' as const);
  const needs = fc
    .record({
      equal: fc.uniqueArray(field, { maxLength: 2 }),
      orders: fc.uniqueArray(fc.tuple(field, direction), { maxLength: 2, selector: ([name]) => name }),
      ranged: fc.boolean(),
      byName: fc.option(direction, { nil: undefined }),
    })
    .map(({ equal, orders, ranged, byName }) => {
      const ordered = orders.filter(([name]) => !equal.includes(name));
      const range = ranged ? ordered.slice(0, 1) : [];
      return {
        collection: 'others',
        where: [
          ...equal.map((name): [string, '==', number] => [name, '==', 1]),
          ...range.map(([name]): [string, '>', number] => [name, '>', 1]),
        ],
        orderBy: byName === undefined ? ordered : [...ordered, ['__name__', byName] as const],
      };
    });

  test('needs the indexes that Terraform is checked for', async () => {
    const store = open(await start());
    const property = fc.asyncProperty(needs, async (query) => {
      const need = needOf(query);
      const answer = await store.query({ ...query, limit: 1 }).then(
        () => 'found',
        (error: Error) => (error.cause instanceof Error ? error.cause.message : ''),
      );
      if ('composite' in need) expect(answer).toMatch(new RegExp(`: ${need.composite}$`));
      else expect(answer).toBe('found');
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
