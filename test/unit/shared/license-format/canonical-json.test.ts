import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { parseJson } from '#shared/model/json.ts';
import { memberName as name, canonicalValue as value } from '../crypto/canonical-values.ts';
import { pythonJson } from '../crypto/python.ts';

/** The error itself, so that a value that is taken fails the test as well. */
function refusalOf(refused: unknown): NotCanonicalError {
  try {
    canonicalJson(refused);
  } catch (error) {
    if (error instanceof NotCanonicalError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('canonicalJson', () => {
  it.each<[unknown, string]>([
    [{ b: 1, a: [true, false, null], '': {} }, '{"":{},"a":[true,false,null],"b":1}'],
    ['Zoë Müller 😀', '"Zo\\u00eb M\\u00fcller \\ud83d\\ude00"'],
    ['\n\r\t\b\f"\\/', '"\\n\\r\\t\\b\\f\\"\\\\/"'],
    ['\u0000\u000b\u001f \u007e\u007f\u0080', '"\\u0000\\u000b\\u001f ~\\u007f\\u0080"'],
    ['\u2028\uffff', '"\\u2028\\uffff"'],
    [[9007199254740991, -9007199254740991, 0, -0, -1], '[9007199254740991,-9007199254740991,0,0,-1]'],
    [{ a: { b: [[{ c: [] }]] } }, '{"a":{"b":[[{"c":[]}]]}}'],
    [Object.create(null), '{}'],
  ])('%j', (input, expected) => {
    expect(canonicalJson(input)).toBe(expected);
  });

  it('sorts members by code point: an emoji comes after U+FFFF, though its first UTF-16 unit is smaller', () => {
    const members = { '\u{1f600}': 1, '\uffff': 2, '\ue000': 3, '\ud7ff': 4, ab: 5, a: 6, B: 7, 10: 8, 9: 9 };
    expect(canonicalJson(members)).toBe(
      '{"10":8,"9":9,"B":7,"a":6,"ab":5,"\\ud7ff":4,"\\ue000":3,"\\uffff":2,"\\ud83d\\ude00":1}',
    );
  });

  it('keeps a member that is called __proto__', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"a":1},"z":2}'))).toBe('{"__proto__":{"a":1},"z":2}');
  });

  it('prints what Python prints', () => {
    const values = fc.sample(value, 200);
    const printed = pythonJson(values);
    expect(printed.length).toBe(200);
    values.forEach((sample, index) => {
      expect(canonicalJson(sample)).toBe(printed[index]);
    });
  });

  it('depends on the value alone, not on the order of members', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value), (members) => {
        const reversed = Object.fromEntries(Object.entries(members).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(members));
        // Not JSON.parse: in Node 24 it reads {"":0,"\u0080":1} with the name \ once it has read {"":0,"\\":1}.
        expect(parseJson(canonicalJson(members)).value).toEqual(parseJson(JSON.stringify(members)).value);
      }),
    );
  });
});

describe('canonicalJson refuses', () => {
  class Point {
    readonly x = 1;
  }
  const hole: unknown[] = [];
  hole[1] = 1;

  it.each<[string, unknown]>([
    ['a fraction', 1.5],
    ['2^53', 2 ** 53],
    ['-2^53', -(2 ** 53)],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a high surrogate alone', '\ud83d'],
    ['a low surrogate alone', 'a\ude00b'],
    ['surrogates in the wrong order', '\ude00\ud83d'],
    ['a Map', new Map()],
    ['a Date', new Date(0)],
    ['a Buffer', Buffer.from('a')],
    ['a boxed string', Object('a')],
    ['an instance of a class', new Point()],
  ])('%s, and names its path', (_name, refused) => {
    expect(refusalOf(refused).path).toEqual([]);
    expect(refusalOf([0, refused]).path).toEqual([1]);
    expect(refusalOf({ a: 1, list: [{}, { item: refused }] }).path).toEqual(['list', 1, 'item']);
  });

  it('a lone surrogate in a name', () => {
    expect(refusalOf({ ok: [{ '\ud800': 1 }] }).path).toEqual(['ok', 0, '\ud800']);
  });

  it('a hole in an array', () => {
    expect(refusalOf({ list: hole }).path).toEqual(['list', 0]);
  });

  it('more than 64 levels, and a cycle', () => {
    const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)]);
    expect(canonicalJson(nested(63))).toBe('['.repeat(64) + ']'.repeat(64));
    expect(refusalOf(nested(64)).path.length).toBe(64);
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(refusalOf(cycle).path.length).toBe(64);
  });

  it('reports the first fault in the order of the canonical text', () => {
    expect(refusalOf({ z: 1.5, a: 2.5 }).path).toEqual(['a']);
  });
});
