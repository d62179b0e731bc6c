import { expect, test } from 'vitest';
import { parseQuery } from '#shared/http/query.ts';

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['?', {}],
  ['?limit=1&cursor=a%20b', { limit: '1', cursor: 'a b' }],
  ['?reference=', { reference: '' }],
  ['?constructor=x', { constructor: 'x' }],
])('the parameters of %j', (search, expected) => {
  expect(parseQuery(search)).toEqual(expected);
});

test.each(['?limit=1&limit=2', '?a=1&b=2&a=1', '?a&a', '?a=1&%61=2', '?__proto__=1&__proto__=2'])(
  '%s names a parameter twice',
  (search) => {
    expect(() => parseQuery(search)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  },
);
