import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalQuery } from '#shared/crypto/v4/query.ts';
import { codePoint } from '../../../code-point.ts';

const RESERVED = /^x-goog-(algorithm|credential|date|expires|signature|signedheaders)$/i;
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: codePoint }));
const name = text.filter((any) => any !== '' && !RESERVED.test(any));

describe('canonicalQuery', () => {
  test('orders by encoded name, so é (%C3…) comes before a and after !', () => {
    expect(canonicalQuery({ B: '1' }, { é: '2', a: '3', '!': '4', A: '5', '~': '6' })).toBe(
      '%21=4&%C3%A9=2&A=5&B=1&a=3&~=6',
    );
  });

  test('orders a name before the names that it begins', () => {
    expect(canonicalQuery({}, { ab: '1', 'a!': '2', a: '3' })).toBe('a=3&a%21=2&ab=1');
  });

  test('decodes to what was given, in ascending order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => key }), (pairs) => {
        const query = canonicalQuery({}, Object.fromEntries(pairs));
        const encoded = query === '' ? [] : query.split('&').map((pair) => pair.split('='));
        const names = encoded.map(([key = '']) => key);
        expect(names).toEqual(names.toSorted());
        const decoded = encoded.map((pair) => pair.map(decodeURIComponent));
        expect(new Map(decoded.map(([key, value]) => [key, value]))).toEqual(new Map(pairs));
      }),
    );
  });

  test('keeps NFC and NFD as two parameters', () => {
    const both = { ['é'.normalize('NFC')]: '1', ['é'.normalize('NFD')]: '2' };
    expect(canonicalQuery({}, both)).toBe('%C3%A9=1&e%CC%81=2');
  });

  test.each(['X-Goog-Signature', 'x-goog-signature', 'X-GOOG-EXPIRES', ''])('refuses the name %j', (reserved) => {
    expect(() => canonicalQuery({}, { [reserved]: '1' })).toThrow(
      new TypeError(`queryParameters may not name ${JSON.stringify(reserved)}`),
    );
  });

  test.each([{ '\ud800': '1' }, { a: '\ud800' }])('refuses a lone surrogate: %j', (fields) => {
    expect(() => canonicalQuery({}, fields)).toThrow(/queryParameters.* has a lone surrogate$/);
  });
});
