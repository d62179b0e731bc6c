import { describe, expect, it } from 'vitest';
import { JsonSyntaxError, parseJson } from '#shared/model/json.ts';

/** The error itself, so that a text that is taken, or fails in another way, fails the test as well. */
function refusalOf(text: string): JsonSyntaxError {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseJson reads ten megabytes', { timeout: 60_000 }, () => {
  const size = 10 * 1024 * 1024;

  it.each([
    ['of one string', `"${'a'.repeat(size)}"`],
    ['of one string with an escape at its end', `"${'a'.repeat(size)}\\n"`],
    ['of escapes', `"${'\\n'.repeat(size / 2)}"`],
    ['of white space', `[${' '.repeat(size)}1]`],
    [
      'of objects',
      `[${Array(size / 32)
        .fill('{"name":"é\\u00e9","items":[1]}')
        .join(',')}]`,
    ],
  ])('%s', (_name, text) => {
    expect(JSON.stringify(parseJson(text).value) === JSON.stringify(JSON.parse(text))).toBe(true);
  });

  it('of a string that never ends', () => {
    expect(refusalOf(`["${'\\n'.repeat(size / 2)}`).path).toBe('0');
  });
});
