import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { codePoint } from '../../code-point.ts';

/** Values whose members are in order take another way through the code; it must lead to the same text. */

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: codePoint }),
  fc.string({ unit: fc.constantFrom('\u0000', '\u001f', '\u007f', '"', '\\', '/', 'u', 'ü', '\uffff', '\u{1f600}') }),
);
const name = text.filter((key) => key !== '__proto__');
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, fc.maxSafeInteger(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 5 }),
  ),
}));

/** The same members, last one first. */
function reversed(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(reversed);
  if (typeof data !== 'object' || data === null) return data;
  const members = Object.entries(data).map(([key, item]) => [key, reversed(item)] as const);
  return Object.fromEntries(members.reverse());
}

describe('canonicalJson, of members in order', () => {
  it('prints what it prints in any other order', () => {
    fc.assert(
      fc.property(value, (data) => {
        const canonical = canonicalJson(data);
        const inOrder: unknown = JSON.parse(canonical);
        expect(canonicalJson(inOrder)).toBe(canonical);
        expect(canonicalJson(reversed(inOrder))).toBe(canonical);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps -0, escapes and slashes as they have to be', () => {
    expect(canonicalJson({ a: -0, b: '\b\t\n\f\r"\\/', c: '\\u0041', d: '\u007f' })).toBe(
      '{"a":0,"b":"\\b\\t\\n\\f\\r\\"\\\\/","c":"\\\\u0041","d":"\\u007f"}',
    );
  });

  it.each<[string, unknown, readonly (string | number)[]]>([
    ['a lone surrogate', { a: 'x', b: { c: 'a\ud800' } }, ['b', 'c']],
    ['a lone surrogate in a name', { 'a\udc00': 1 }, ['a\udc00']],
    ['a float', { a: 1, b: [1, 1.5] }, ['b', 1]],
    ['undefined', { a: 1, b: undefined }, ['b']],
    ['a hole', { a: new Array(1) }, ['a', 0]],
    ['a date', { a: new Date(0) }, ['a']],
    ['a toJSON of its own', { a: { toJSON: () => 'b' } }, ['a', 'toJSON']],
  ])('refuses %s', (_what, data, path) => {
    const refusal = (() => {
      try {
        return canonicalJson(data);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(NotCanonicalError);
    expect(Object(refusal).path).toEqual(path);
  });
});
