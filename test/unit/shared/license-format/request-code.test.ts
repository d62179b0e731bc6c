import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ALPHABET } from '#shared/license-format/crockford.ts';
import { readRequestCode } from '#shared/license-format/read-request-code.ts';
import { requestCode } from '#shared/license-format/request-code.ts';

const hashed = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const named = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 256 })
  .filter((text) => text.length <= 256 && text.isWellFormed());
const HASH = createHash('sha256').update('a machine').digest('hex');
const CODE = requestCode(HASH);

describe('a request code', () => {
  test('holds every hardware id', () => {
    const isRead = (id: string) => {
      expect(readRequestCode(requestCode(id))).toEqual({ hardwareId: id });
    };
    fc.assert(fc.property(fc.oneof(hashed, named), isRead));
  });

  test('of a hashed id is twelve groups of characters that can be read aloud', () => {
    expect(CODE).toMatch(/^HW-1[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{5}){10}-[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  test('is the same in every version', () => {
    expect(requestCode('lab-7')).toBe('HW-2DHGP-4B9QW-2SY3X');
    expect(requestCode('0'.repeat(64))).toBe(
      'HW-10000-00000-00000-00000-00000-00000-00000-00000-00000-00000-000BB-YGCP',
    );
  });

  test.each([
    ['lower case, without prefix', CODE.toLowerCase().slice(3)],
    ['without hyphens', CODE.replaceAll('-', '')],
    ['with spaces, line breaks and long dashes', `  ${CODE.replaceAll('-', ' \u2013\r\n')} `],
    ['full-width', CODE.replace(/[0-9A-Z]/g, (one) => String.fromCodePoint(one.charCodeAt(0) + 0xfee0))],
    ['with O for 0 and l for 1', CODE.replaceAll('0', 'O').replaceAll('1', 'l')],
  ])('is read %s', (_, typed) => {
    expect(readRequestCode(typed)).toEqual({ hardwareId: HASH });
  });

  test('tells one wrong character, and the group in which it is', () => {
    const body = CODE.slice(3).replaceAll('-', '');
    for (let index = 1; index < body.length; index += 1) {
      for (const other of ALPHABET.replace(body.charAt(index), '')) {
        expect(readRequestCode(body.slice(0, index) + other + body.slice(index + 1))).toEqual({
          problem: `Group ${Math.floor(index / 5) + 1} of the request code is mistyped.`,
        });
      }
    }
  });

  test('tells up to four wrong characters, and swapped ones; it names no group for two or three', () => {
    const body = [...CODE.slice(3).replaceAll('-', '')];
    const place = fc.integer({ min: 1, max: body.length - 1 });
    const fault = fc.tuple(place, fc.constantFrom(...ALPHABET));
    const isTold = (faults: readonly (readonly [number, string])[]) => {
      const typed = [...body];
      for (const [index, character] of faults) typed[index] = character;
      const wrong = typed.filter((character, index) => character !== body[index]).length;
      const reading = readRequestCode(typed.join(''));
      if (wrong === 0) expect(reading).toEqual({ hardwareId: HASH });
      else expect(reading).toHaveProperty('problem');
      if (wrong === 2 || wrong === 3)
        expect(reading).toEqual({ problem: 'The request code is mistyped or incomplete.' });
    };
    fc.assert(fc.property(fc.uniqueArray(fault, { maxLength: 4, selector: ([index]) => index }), isTold));
    for (let index = 1; index + 1 < body.length; index += 1) {
      const swapped = body.with(index, body[index + 1] ?? '').with(index + 1, body[index] ?? '');
      if (swapped.join('') !== body.join('')) expect(readRequestCode(swapped.join(''))).toHaveProperty('problem');
    }
  });

  test.each([
    ['nothing', '', 'A request code begins with HW-1 or HW-2.'],
    ['a hardware id', HASH.replace(/^./, 'a'), 'A request code begins with HW-1 or HW-2.'],
    ['a licence key', 'CS-8G4XT-7Q2M0-ZK3VD-9JHWR-5NAEB-1C6FY-PSTXK-4M8QD', 'A request code begins with HW-1 or HW-2.'],
    ['a code without its end', CODE.slice(0, -2), 'The request code has 57 characters in place of 59.'],
    ['a code with another alphabet', CODE.replace(/.$/, 'U'), 'Group 12 of the request code is mistyped.'],
    ['the code of an empty id', requestCode(''), 'The request code names no machine.'],
    ['the code of an id that is too long', requestCode('a'.repeat(257)), 'The request code names no machine.'],
    ['an endless text', '1'.repeat(1_000_000), 'A request code begins with HW-1 or HW-2.'],
  ])('is not %s', (_, typed, problem) => {
    expect(readRequestCode(typed)).toEqual({ problem });
  });
});
