import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonOptions, JsonSyntaxError, parseJson, UnsafeNumbersError } from '#shared/model/json.ts';
import type { VerbatimJson } from '#shared/model/verbatim-json.ts';
import { codePoint } from '../../code-point.ts';

/** The error itself, so that a text that is taken, or fails in another way, fails the test as well. */
function refusalOf(text: string, options?: JsonOptions): JsonSyntaxError {
  try {
    parseJson(text, options);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

const native = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

describe('parseJson agrees with JSON.parse', { timeout: 60_000 }, () => {
  it('on any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(JSON.stringify(parseJson(text).value)).toBe(JSON.stringify(JSON.parse(text)));
      }),
      { numRuns: 1000 },
    );
  });

  it('on strings of every kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        expect(parseJson(JSON.stringify([text])).value).toEqual([text]);
      }),
    );
  });

  it('on white space anywhere', () => {
    expect(parseJson(' \t\n\r{ "a" :\n[ 1 , true\t,\r"x" ] , "b" : { } , "c" : [ ] } \n').value).toEqual({
      a: [1, true, 'x'],
      b: {},
      c: [],
    });
  });

  it('on which short texts are JSON at all', () => {
    const letters = fc.constantFrom(...'[]{},:"\\ -+.eE01txu/\u0000\u0001\u00a0', 'true', 'null', '"a"', '\ufeff');
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 6 }), (text) => {
        const expected = native(text);
        if (expected === undefined) expect(refusalOf(text).path).toEqual(expect.any(String));
        else expect(parseJson(text).value).toEqual(JSON.parse(text, (_name, value) => (value === 0 ? 0 : value)));
      }),
      { numRuns: 5000 },
    );
  });
});

describe('parseJson refuses what parsers read differently', () => {
  it.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"b":{"c":[0,{"d":1,"d":2}]}}', 'b.c.1.d'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"constructor":1,"constructor":2}', 'constructor'],
    ['{"":1,"":2}', ''],
  ])('a member twice: %s', (text, path) => {
    expect(refusalOf(text).path).toBe(path);
  });

  it('but not a member that every object inherits', () => {
    expect(parseJson('{"toString":1,"hasOwnProperty":2,"constructor":3}').value).toEqual(
      JSON.parse('{"toString":1,"hasOwnProperty":2,"constructor":3}'),
    );
  });

  it('the name __proto__, which is a member like any other', () => {
    const { value } = parseJson('{"__proto__":{"admin":true},"a":[{"\\u005f_proto__":1}]}');
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"a":[{"__proto__":1}]}');
    expect(value).not.toHaveProperty('admin');
    expect(refusalOf('{"__proto__":1,"__proto__":2}').path).toBe('__proto__');
  });

  it.each([
    ['{"a":"\\ud800"}', 'a'],
    ['{"a":["x","\\ude00\\ud83d"]}', 'a.1'],
    ['{"a":"\ud83d"}', 'a'],
    ['{"a":{"\\udfff":1}}', 'a'],
  ])('a lone surrogate, escaped or not: %j', (text, path) => {
    expect(refusalOf(text).path).toBe(path);
    expect(parseJson('"\\ud83d\\ude00"').value).toBe('😀');
  });

  it('a byte order mark, and anything behind the value', () => {
    for (const text of ['\ufeff{}', '{}x', '{} {}', '[]]', '1 2', '"a""b"', 'truex', '01', '{}\u0000', '// c\n{}']) {
      expect(refusalOf(text).path).toBe('');
    }
  });

  it('numbers beyond a double', () => {
    expect(refusalOf('{"a":[1,1e400]}').path).toBe('a.1');
    expect(refusalOf('-1e400').path).toBe('');
  });

  it('more than 64 levels, however many there are', () => {
    expect(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`).inexact).toEqual([]);
    expect(refusalOf(`${'['.repeat(65)}${']'.repeat(65)}`).path).toBe(Array(64).fill('0').join('.'));
    expect(refusalOf('['.repeat(1024 * 1024)).path).toBe(Array(64).fill('0').join('.'));
    expect(refusalOf('{"a":'.repeat(200_000)).path).toBe(Array(64).fill('a').join('.'));
  });

  it('a document cut off anywhere', () => {
    const text = '{"a":[1,-2.5e3,true,null,"x\\n\\u00e9\\"é😀"],"b":{"c":{}},"d":false}';
    expect(parseJson(text).value).toEqual(JSON.parse(text));
    for (let end = 0; end < text.length; end += 1) refusalOf(text.slice(0, end));
  });

  it('control characters and bad escapes in strings', () => {
    for (const body of ['\n', '\u0000', '\u001f', '\\x', '\\u12', '\\u12g4', '\\', '\\ua', "\\'"]) {
      expect(refusalOf(`{"a":"${body}"}`).path).toBe('a');
    }
  });
});

describe('parseJson lists the numbers that are no integers as written', () => {
  it.each([
    ['1.0'],
    ['1e3'],
    ['1E+2'],
    ['-0.0'],
    ['0.1'],
    ['9007199254740991.4'],
    ['9007199254740992'],
    ['-9007199254740992'],
    ['1e-400'],
    ['123456789012345678901234567890'],
  ])('%s', (number) => {
    expect(parseJson(number).inexact).toEqual(['']);
    expect(parseJson(`{"a":1,"b":[0,{"c":${number}}]}`).inexact).toEqual(['b.1.c']);
  });

  it.each([['0'], ['-1'], ['9007199254740991'], ['-9007199254740991'], ['-0']])('but not %s', (number) => {
    expect(parseJson(`[${number}]`)).toEqual({ value: [Number(number) || 0], inexact: [] });
  });

  it('reads -0 as the integer 0', () => {
    expect(Object.is(parseJson('-0').value, 0)).toBe(true);
  });

  it('names a hundred of them at most', () => {
    const { inexact, value } = parseJson(`[${Array(1000).fill('1.5').join(',')}]`);
    expect(inexact).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
    expect(value).toEqual(Array(1000).fill(1.5));
  });
});

describe('parseJson keeps a member as it was sent', () => {
  const read = (text: string) =>
    parseJson(text, { verbatim: 'payload' }).value as { payload: VerbatimJson; run?: unknown };

  it.each([
    ['{"payload":{"a":1.50,"b":"\\u00e9", "c":[ ]},"run":true}', '{"a":1.50,"b":"\\u00e9", "c":[ ]}'],
    ['{"run":[1], "payload" :\n [1, {"payload":2}] }', '[1, {"payload":2}]'],
    ['{"payload":"é😀"}', '"é😀"'],
    ['{"payload":-0}', '-0'],
  ])('%s', (text, expected) => {
    const { payload, run } = read(text);
    expect(payload.reveal().toString()).toBe(expected);
    expect(payload.isObject).toBe(expected.startsWith('{'));
    expect(run).toEqual(JSON.parse(text).run);
    expect(JSON.stringify(payload)).not.toContain('a');
  });

  it('only at the top', () => {
    expect(parseJson('{"a":{"payload":1}}', { verbatim: 'payload' }).value).toEqual({ a: { payload: 1 } });
    expect(parseJson('[{"payload":1}]', { verbatim: 'payload' }).value).toEqual([{ payload: 1 }]);
  });

  it.each([
    ['{"payload":{"a":1,"b":{"a":1,"a":2}}}', 'payload.b.a'],
    ['{"payload":{"a":1,"\\u0061":2}}', 'payload.a'],
    ['{"payload":1,"payload":2}', 'payload'],
    ['{"payload":["\\ud800"]}', 'payload.0'],
    ['{"payload":[1,1e400]}', 'payload.1'],
    ['{"payload":[1,]}', 'payload.1'],
    ['{"payload":{"a"}}', 'payload.a'],
    [`{"payload":${'['.repeat(64)}`, `payload.${Array(63).fill('0').join('.')}`],
  ])('and refuses in it what it refuses elsewhere: %s', (text, path) => {
    expect(refusalOf(text).path).toBe(path);
    expect(refusalOf(text, { verbatim: 'payload' }).path).toBe(path);
  });

  it('unless a number in it is one that readers round', () => {
    const unsafe = (payload: string) => {
      try {
        read(`{"payload":${payload},"other":9007199254740992}`);
        return [];
      } catch (error) {
        if (error instanceof UnsafeNumbersError) return error.paths;
        throw error;
      }
    };
    expect(unsafe('[9007199254740991,-9007199254740991,0.1,1e3,1e-400]')).toEqual([]);
    expect(unsafe('{"a":[1,9007199254740992],"b":-1e300}')).toEqual(['payload.a.1', 'payload.b']);
    expect(unsafe(`[${Array(1000).fill('1e20').join(',')}]`)).toHaveLength(100);
  });

  it('agrees with itself on which texts are JSON', () => {
    const letters = fc.constantFrom(
      ...'[]{},:"\\ -+.eE019txu/\u0000',
      'true',
      'null',
      '"a"',
      '"b":',
      '12345678901234567',
    );
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 8 }), (inner) => {
        const text = `{"payload":${inner}}`;
        expect(outcomeOf(text, { verbatim: 'payload' })).toBe(outcomeOf(text));
      }),
      { numRuns: 5000 },
    );
  });
});

/** Where the text is at fault; undefined where it is not. */
function outcomeOf(text: string, options?: JsonOptions): string | undefined {
  try {
    parseJson(text, options);
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeNumbersError) return undefined;
    if (error instanceof JsonSyntaxError) return `${error.path}: ${error.message}`;
    throw error;
  }
}

describe('the members of an object', () => {
  const object = (count: number, prefix = 'm') =>
    `{${Array.from({ length: count }, (_, index) => `"${prefix}${index}":1`).join()}}`;

  it.each([undefined, 'payload'])(
    'are a hundred thousand at most, those of the objects around it counted (%s)',
    (verbatim) => {
      const options = verbatim === undefined ? {} : { verbatim };
      const read = (text: string) => parseJson(`{"payload":${text}}`, options);
      expect(read(object(99_999)).inexact).toEqual([]);
      const many = { path: 'payload', message: 'has more than 100000 members' };
      expect(refusalOf(`{"payload":${object(100_000)}}`, options)).toMatchObject(many);
      const within = object(60_000).replace(/}$/, `,"z":${object(60_000, 'n')}}`);
      expect(refusalOf(`{"payload":${within}}`, options)).toMatchObject({ ...many, path: 'payload.z' });
      expect(read(`[${object(60_000)},${object(60_000)}]`).inexact).toEqual([]);
    },
  );
});
