import { describe, expect, it } from 'vitest';
import { readOwnJson } from '#shared/model/json-text.ts';

/** Names that follow another in an object, each of which its predecessor's shape must not change. */
const NAMES = ['\\', 'ü', '\u0080', '\n', '"', 'a\\', 'a\n', 'a\u0080', 'a"', '\\\\', 'a'];
const ascii = (text: string) =>
  text.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

describe('readOwnJson', () => {
  it.each(NAMES)('reads names as they are written, whatever was read after %j before', (first) => {
    for (const second of NAMES) {
      const before = `after ${first} ${second}`;
      const textOf = (name: string) => ascii(JSON.stringify({ [before]: 0, [name]: 1 }));
      readOwnJson(textOf(first));
      expect(Object.keys(readOwnJson<object>(textOf(second)))).toEqual([before, second]);
    }
  });
});
