import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createRecorder } from '#local/recorder.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import type { DocumentStore, Fields, UpdateTime, Write } from '#shared/store/store.ts';
import type { Firestore } from '../seats/database.ts';
import { FIRESTORES } from '../seats/firestores.ts';

const NEVER: UpdateTime = { seconds: '1', nanos: 0 };
const DAY = 86_400_000;

for (const { name, present, start } of FIRESTORES) {
  describe.skipIf(!present)(`the document store on ${name}`, () => {
    let firestore: Firestore;
    let store: ReturnType<typeof createFirestore>;

    beforeAll(async () => {
      process.env['METADATA_SERVER_DETECTION'] = 'none';
      firestore = await start(createRecorder());
    });
    afterAll(() => firestore.close());
    beforeEach(() => {
      const projectId = `demo-store-${randomUUID().slice(0, 8)}`;
      store = createFirestore({ projectId, database: '(default)', endpoint: firestore.host });
      return () => store.close();
    });

    const create = (path: string, fields: Fields = {}): Write => ({ op: 'create', path, fields });
    const failureOf = (commit: Promise<void>) =>
      commit.then(
        () => 'applied',
        (error: { failure?: string }) => error.failure,
      );
    const fieldsOf = async (path: string) => (await store.get([path]))[0]?.fields;

    test('gives back what was written, in the order that was asked for', async () => {
      const fields = {
        text: 'ü😀',
        n: 9_007_199_254_740_991,
        x: -0.5,
        yes: true,
        none: null,
        list: [1, { a: [] }],
        map: { b: {} },
      };
      await store.commit([create('things/a', fields), create('things/a/parts/b', { n: 2 })]);
      const found = await store.get(['things/a/parts/b', 'things/none', 'things/a']);
      expect(found.map((document) => document?.fields)).toEqual([{ n: 2 }, undefined, fields]);
      expect(found[0]).toMatchObject({ path: 'things/a/parts/b', id: 'b' });
    });

    test('applies all of a commit or nothing', async () => {
      await store.commit([create('things/a')]);
      expect(await failureOf(store.commit([create('things/b'), create('things/a')]))).toBe('already_exists');
      expect(await fieldsOf('things/b')).toBeUndefined();
      await expect(store.commit([create('things/c'), { op: 'delete', path: 'things/c' }])).rejects.toThrow(TypeError);
    });

    test.for<[write: Write, failure: string]>([
      [create('things/there'), 'already_exists'],
      [{ op: 'update', path: 'things/none', fields: {} }, 'not_found'],
      [{ op: 'update', path: 'things/there', fields: {}, lastUpdateTime: NEVER }, 'precondition_failed'],
      [{ op: 'update', path: 'things/none', fields: {}, lastUpdateTime: NEVER }, 'precondition_failed'],
      [{ op: 'delete', path: 'things/none', precondition: { exists: true } }, 'not_found'],
      [{ op: 'delete', path: 'things/there', precondition: { lastUpdateTime: NEVER } }, 'precondition_failed'],
      [{ op: 'delete', path: 'things/none' }, 'applied'],
      [{ op: 'set', path: 'things/there', fields: { n: 2 } }, 'applied'],
    ])('%j: %s', async ([write, failure]) => {
      await store.commit([create('things/there', { n: 1 })]);
      expect(await failureOf(store.commit([write]))).toBe(failure);
      expect((await store.writeEach([create('things/new'), write])).map((one) => one ?? 'applied')).toEqual([
        'applied',
        failure,
      ]);
    });

    test('updates by mask, raises a maximum, adds, and merges into nothing', async () => {
      await store.commit([create('things/a', { kept: 1, changed: 1, most: 5 })]);
      await store.commit([
        { op: 'update', path: 'things/a', fields: { changed: 2 }, maximum: { most: 3 }, increment: { sum: 4 } },
        { op: 'merge', path: 'things/b', fields: { n: 1 }, maximum: { most: 3 }, increment: { sum: 4 } },
      ]);
      expect(await fieldsOf('things/a')).toEqual({ kept: 1, changed: 2, most: 5, sum: 4 });
      expect(await fieldsOf('things/b')).toEqual({ n: 1, most: 3, sum: 4 });
    });

    test('a document as it was read is updated once', async () => {
      await store.commit([create('things/a', { n: 0 })]);
      const [read] = await store.get(['things/a']);
      const lastUpdateTime = read?.updateTime ?? NEVER;
      const update = (n: number): Write => ({ op: 'update', path: 'things/a', fields: { n }, lastUpdateTime });
      expect(await failureOf(store.commit([update(1)]))).toBe('applied');
      expect(await failureOf(store.commit([update(2)]))).toBe('precondition_failed');
      expect(await fieldsOf('things/a')).toEqual({ n: 1 });
    });

    test('finds, counts and goes on behind a document', async () => {
      await store.commit(
        [3, 1, null, 2, 2].map((expires_at, index) => create(`sessions/s${index}`, { license_id: 'l', expires_at })),
      );
      const query = {
        collection: 'sessions',
        where: [
          ['license_id', '==', 'l'],
          ['expires_at', '<=', 2],
        ],
        orderBy: [['expires_at', 'asc']],
      } satisfies Parameters<DocumentStore['count']>[0];
      const ids = async (startAfter?: readonly [number, string], limit = 2) => {
        const orderBy = [['expires_at', 'asc'] as const, ['__name__', 'asc'] as const];
        const page = { ...query, limit, orderBy, ...(startAfter === undefined ? {} : { startAfter }) };
        return (await store.query(page)).map(({ id }) => id);
      };
      expect(await store.count(query)).toBe(3);
      expect(await ids()).toEqual(['s1', 's3']);
      expect(await ids([2, 'sessions/s3'])).toEqual(['s4']);
      expect(await store.count({ collection: 'sessions', where: [['seat', '==', null]] })).toBe(0);
    });

    test('counts for many at once', async () => {
      const add = () =>
        store.add(
          'limits/l',
          [
            ['n', 2],
            ['m', 0],
            ['k', 1],
          ],
          Date.now() + DAY,
        );
      const sums = await Promise.all(Array.from({ length: 10 }, add));
      expect(sums.toSorted(([a = 0], [b = 0]) => a - b)).toEqual(
        Array.from({ length: 10 }, (_, index) => [2 * index + 2, 0, index + 1]),
      );
    });
  });
}
