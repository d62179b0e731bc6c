import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCompactJson } from '#shared/model/compact-json.ts';
import { parseJson } from '#shared/model/json.ts';

describe('readCompactJson', () => {
  it('reads what it reads as the parser does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (data) => {
        const text = JSON.stringify(data);
        const value = readCompactJson(text);
        if (value !== undefined) expect(parseJson(text)).toEqual({ value, inexact: [] });
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads a licence', () => {
    const license = { a: ['b', 'ü', true, null, 0, -1, 9007199254740991], c: { d: {}, e: [] } };
    expect(readCompactJson(JSON.stringify(license))).toEqual(license);
    expect(Object.keys(Object(readCompactJson('{"a":1,"__proto__":{"b":2}}')))).toEqual(['a', '__proto__']);
  });

  it.each([
    ['a member twice', '{"a":1,"a":1}'],
    ['a member twice within', '{"a":{"b":[{"c":1,"c":2}]}}'],
    ['white space', '{"a": 1}'],
    ['white space around', ' {"a":1}'],
    ['an escape', '{"a":"\\n"}'],
    ['an escaped name', '{"\\u0061":1}'],
    ['a lone surrogate', '{"a":"\ud800"}'],
    ['an exponent', '{"a":1e2}'],
    ['an exponent that is printed', '{"a":1e+21}'],
    ['a fraction', '{"a":[0.5]}'],
    ['an integer with a fraction', '{"a":1.0}'],
    ['a number that would be rounded', '{"a":9007199254740993}'],
    ['a large number', '{"a":9007199254740992}'],
    ['minus zero', '{"a":-0}'],
    ['names in an order that objects do not keep', '{"2":1,"1":2}'],
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['a long text', JSON.stringify('x'.repeat(70_000))],
    ['no JSON', '{"a":1'],
    ['nothing', ''],
  ])('leaves %s to the parser', (_what, text) => {
    expect(readCompactJson(text)).toBeUndefined();
  });
});
