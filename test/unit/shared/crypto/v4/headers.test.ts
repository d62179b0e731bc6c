import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalHeaders, type HeaderFields } from '#shared/crypto/v4/headers.ts';

/** No white space, no control character, and none of the separators of the canonical request. */
const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\0- \x7f:;,]/.test(text));
const words = fc.array(fc.stringMatching(/^[!-~\u00a0-\u00ff]+$/), { minLength: 1 });
const space = fc.stringMatching(/^[ \t]+$/);

describe('canonicalHeaders', () => {
  test('orders by code unit, where a locale puts _ before - and digits after', () => {
    const { lines, signed } = canonicalHeaders(
      { 'x-a_b': '1', 'X-A-B': '2', 'x-a.b': '3', 'x-a0': '4', 'x-é': '5' },
      'h',
    );
    expect(signed).toBe('host;x-a-b;x-a.b;x-a0;x-a_b;x-é');
    expect(lines).toBe('host:h\nx-a-b:2\nx-a.b:3\nx-a0:4\nx-a_b:1\nx-é:5\n');
  });

  test('puts a surrogate pair before U+FF5E, as code units go', () => {
    expect(canonicalHeaders({ 'x-～': '1', 'x-😀': '2' }, 'h').signed).toBe('host;x-😀;x-～');
  });

  test('signs every name once, in ascending order, and the lines in the same', () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { selector: (text) => text.toLowerCase() }), (names) => {
        const lower = names.map((text) => text.toLowerCase()).filter((text) => text !== 'host');
        const fields = Object.fromEntries(lower.map((text) => [text, 'v']));
        const { lines, signed } = canonicalHeaders(fields, 'v');
        expect(lines).toBe(
          signed
            .split(';')
            .map((text) => `${text}:v\n`)
            .join(''),
        );
        expect(new Set(signed.split(';'))).toEqual(new Set([...lower, 'host']));
        for (const [i, text] of signed.split(';').entries()) expect(text > (signed.split(';')[i - 1] ?? '')).toBe(true);
      }),
    );
  });

  test('folds white space, whatever it was, to one space between words', () => {
    fc.assert(
      fc.property(
        words,
        space,
        fc.option(space, { nil: '' }),
        fc.option(space, { nil: '' }),
        (all, gap, before, after) => {
          const { lines, toSend } = canonicalHeaders({ v: `${before}${all.join(gap)}${after}` }, 'h');
          expect(toSend).toEqual({ v: all.join(' ') });
          expect(lines).toBe(`host:h\nv:${all.join(' ')}\n`);
        },
      ),
    );
  });

  test.each<[string, HeaderFields, Record<string, string>]>([
    ['nothing left', { v: ' \t ' }, { v: '' }],
    ['one space', { v: ' ' }, { v: '' }],
    ['an empty value', { v: '' }, { v: '' }],
    ['a single tab', { v: 'a\tb' }, { v: 'a b' }],
    [
      'no-break spaces, which are not white space in HTTP',
      { v: '\u00a0a\u00a0\u00a0b' },
      { v: '\u00a0a\u00a0\u00a0b' },
    ],
    ['an array', { v: [' a ', 'b,  c'] }, { v: 'a,b, c' }],
    ['a name in two cases', { 'X-V': 'a', 'x-v': ['b', 'c'] }, { 'x-v': 'a,b,c' }],
    ['a colon in a value', { v: '2023-02-10T03:' }, { v: '2023-02-10T03:' }],
  ])('%s', (_, fields, expected) => {
    expect(canonicalHeaders(fields, 'h').toSend).toEqual(expected);
  });

  test.each<[string, HeaderFields]>([
    ['"x-v"', { 'X-V': 'a\r\nhost:evil' }],
    ['"x-v"', { 'X-V': 'a\n' }],
    ['"x-v"', { 'X-V': ['a', '\r'] }],
    ['"x-v"', { 'X-V': '\0' }],
    ['"x-v"', { 'X-V': 'a\ud800' }],
    ['"x-v"', { 'X-V': [] }],
    ['host', { Host: 'evil.example' }],
    ['""', { '': 'v' }],
    ['"a b"', { 'a b': 'v' }],
    ['"a:b"', { 'a:b': 'v' }],
    ['"a;b"', { 'a;b': 'v' }],
    ['"a\\nb"', { 'a\nb': 'v' }],
    ['"\\ud800"', { '\ud800': 'v' }],
  ])('refuses %s in %j', (named, fields) => {
    expect(() => canonicalHeaders(fields, 'h')).toThrow(TypeError);
    expect(() => canonicalHeaders(fields, 'h')).toThrow(named);
  });

  test('keeps a refused value out of the message', () => {
    expect(() => canonicalHeaders({ 'x-goog-encryption-key': 'secret\n' }, 'h')).toThrow(/^(?!.*secret).*$/);
  });
});
