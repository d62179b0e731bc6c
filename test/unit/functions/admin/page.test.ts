import { expect, test } from 'vitest';
import { encodeCursor, readPage } from '#functions/admin/page.ts';
import { adminQueries, type QueryRange } from '#functions/admin/queries.ts';
import type { Document, Query } from '#shared/store/store.ts';

/** A store of documents a, b, c, … that answers as Firestore does: in the order of ids, behind the one it is given. */
function storeOf(ids: readonly string[]) {
  const asked: Query[] = [];
  const document = (id: string): Document => ({
    path: `tenants/${id}`,
    id,
    fields: {},
    updateTime: { seconds: '0', nanos: 0 },
  });
  return {
    asked,
    query: async (query: Query) => {
      asked.push(query);
      const after = query.startAfter?.[0] ?? '';
      return ids
        .map(document)
        .filter(({ path }) => path > String(after))
        .slice(0, query.limit);
    },
  };
}

const tenants = (range: QueryRange) => adminQueries.tenants({}, range);

const idsOf = ({ items }: { items: readonly Document[] }) => items.map(({ id }) => id);

test('a page ends where the next begins, and the last one has none', async () => {
  const store = storeOf(['a', 'b', 'c', 'd']);
  const first = await readPage(store, { limit: 2 }, tenants);
  expect([idsOf(first), first.next]).toEqual([['a', 'b'], encodeCursor('b')]);
  const second = await readPage(store, { limit: 2, cursor: first.next }, tenants);
  expect([idsOf(second), second.next]).toEqual([['c', 'd'], undefined]);
  expect(store.asked.map(({ limit, startAfter }) => [limit, startAfter])).toEqual([
    [3, undefined],
    [3, ['tenants/b']],
  ]);
});

test.each([
  '',
  '***',
  'YWI',
  encodeCursor('a/b'),
  `${encodeCursor('ab')}=`,
  encodeCursor('..'),
  encodeCursor('__ab__'),
])('the cursor %j is refused unless it could have been given out', async (cursor) => {
  const reading = readPage(storeOf(['ab']), { limit: 2, cursor }, tenants);
  // "YWI" is what encodes "ab".
  if (cursor === 'YWI') expect((await reading).items).toEqual([]);
  else await expect(reading).rejects.toMatchObject({ code: 'invalid_request', errors: [{ path: 'cursor' }] });
});
