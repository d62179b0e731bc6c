import { randomBytes } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { estimateEntropy } from '#shared/imported-keys/entropy.ts';
import { hashImportedKey, readImportedKey } from '#shared/imported-keys/imported-key.ts';
import { normalizeLicenseKey } from '#shared/license-format/license-key.ts';

const ALNUM = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const random = (alphabet: string, length: number) =>
  Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('');

describe('the entropy of a key', () => {
  it.each([
    ['one character', 'A'.repeat(40)],
    ['a count', '12345678901234567890'],
    ['a count down', 'ZYXWVUTSRQPONMLKJIHG'],
    ['runs', '11112222333344445555'],
    ['two characters', 'ABAABBABABBAABABBABA'],
    ['a word twice', 'PASSWORDPASSWORD'],
    ['a block again and again', 'K7QPK7QPK7QPK7QPK7QPK7QP'],
    ['the keyboard', 'QWERTYUIOPASDFGHJKL'],
    ['sixteen digits', '4929182736450912'],
    ['nothing', ''],
  ])('of %s is not enough', (_what, text) => {
    expect(estimateEntropy(text)).toBeLessThan(64);
  });

  it.each([
    ['24 digits', '0123456789', 24],
    ['a GUID', '0123456789ABCDEF', 32],
    ['sixteen letters and digits', ALNUM, 16],
    ['25 characters without confusable ones', 'BCDFGHJKMPQRTVWXY2346789', 25],
  ])('of %s, drawn at random, is', (_what, alphabet, length) => {
    const weak = Array.from({ length: 2_000 }, () => random(alphabet, length)).filter(
      (key) => estimateEntropy(key) < 64,
    );
    expect(weak.length).toBeLessThan(20);
  });
});

test('reading a key twice gives the same: our client sends what it has read', () => {
  for (let point = 0; point <= 0x10ffff; point += 1) {
    const once = normalizeLicenseKey(String.fromCodePoint(point));
    if (normalizeLicenseKey(once) !== once) expect.fail(`U+${point.toString(16)}`);
  }
});

test('a key has 16 to 200 letters and digits', () => {
  const lengths = [15, 16, 200, 201].map((length) => readImportedKey('A'.repeat(length))?.length);
  expect(lengths).toEqual([undefined, 16, 200, undefined]);
  expect(readImportedKey('-'.repeat(600))).toBeUndefined();
  expect(readImportedKey(' abcd-efgh\u2014jklm_1234 ')).toBe('ABCDEFGHJKLM1234');
});

test('its hash depends on the pepper', () => {
  // printf 'countersign/imported-key/v1:ABC' | openssl dgst -sha256 -hmac pepper
  expect(hashImportedKey('pepper', 'ABC')).toBe('794f6e717186d5e8fb07391cad0bb73ff8685f7a5c9fe160458e9160bea0536b');
  expect(hashImportedKey('pepper', 'ABC')).not.toBe(hashImportedKey('salt', 'ABC'));
});
