import { expect, test } from 'vitest';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';

/** Work that ends when it is told to. */
function piece(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const work = () => {
    log.push(name);
    return promise;
  };
  return { work, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('work of one key waits for its turn, in the order in which it came', async () => {
  const log: string[] = [];
  const mutex = createKeyedMutex();
  const [a, b, c] = [piece(log, 'a'), piece(log, 'b'), piece(log, 'c')];
  const results = [a, b, c].map(({ work }) => mutex.runExclusive('key', work));
  await settle();
  expect(log).toEqual(['a']);
  b.end();
  c.end();
  await settle();
  expect(log).toEqual(['a']);
  a.end();
  expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['a', 'b', 'c']);
});

test('keys do not wait for each other', async () => {
  const log: string[] = [];
  const mutex = createKeyedMutex();
  const [a, b] = [piece(log, 'a'), piece(log, 'b')];
  const first = mutex.runExclusive('one', a.work);
  const second = mutex.runExclusive('two', b.work);
  b.end();
  expect(await second).toBe('b');
  a.end();
  expect(await first).toBe('a');
});

test('what fails does not hold up the next, and its failure is its own', async () => {
  const log: string[] = [];
  const mutex = createKeyedMutex();
  const [a, b] = [piece(log, 'a'), piece(log, 'b')];
  const first = mutex.runExclusive('key', a.work);
  const second = mutex.runExclusive('key', b.work);
  a.fail();
  b.end();
  await expect(first).rejects.toThrow('a');
  expect(await second).toBe('b');
});
