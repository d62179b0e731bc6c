import { expect, test } from 'vitest';
import { inexactNumbers } from '#functions/task-payloads/exact-numbers.ts';

test.each([
  [{}, []],
  [{ a: 1.5, b: -9007199254740991, c: [null, 'x', true] }, []],
  [{ a: 9007199254740992 }, ['p.a']],
  [{ a: [0, { b: -1e300 }], c: 1e16 }, ['p.a.1.b', 'p.c']],
])('%j', (value, paths) => {
  expect(inexactNumbers(value, 'p').map(({ path }) => path)).toEqual(paths);
});
