import { expect, test } from 'vitest';
import { filenameFault } from '#shared/model/object-name.ts';

test.each([
  ['a plain name', 'report.pdf'],
  ['folders', 'a/b/c'],
  ['names of dots that are no dot segments', '.../..a/.hidden/a.'],
  ['spaces and what URLs reserve', ' a b?c#d%2F&=+;:@!$\'()*,[]{}"\\^`|<>'],
  ['NFC', 'caf\u00e9'],
  ['NFD', 'cafe\u0301'],
  ['beyond the BMP', '\u{1f600}'],
  ['a line separator, which is no control character', 'a\u2028b'],
  ['900 bytes', 'x'.repeat(900)],
  ['900 bytes of two-byte characters', 'é'.repeat(450)],
])('takes %s', (_, name) => {
  expect(filenameFault(name)).toBeUndefined();
});

test.each([
  ['nothing', '', 'is empty'],
  ['a dot', '.', 'has a segment `.` or `..`'],
  ['two dots', '..', 'has a segment `.` or `..`'],
  ['a dot segment', 'a/./b', 'has a segment `.` or `..`'],
  ['a way up', 'a/../../other/b', 'has a segment `.` or `..`'],
  ['a leading slash', '/a', 'has an empty segment: it begins or ends with a slash, or has two in a row'],
  ['a trailing slash', 'a/', 'has an empty segment: it begins or ends with a slash, or has two in a row'],
  ['a double slash', 'a//b', 'has an empty segment: it begins or ends with a slash, or has two in a row'],
  ['a line feed', 'a\nb', 'has a control character'],
  ['a carriage return', 'a\rb', 'has a control character'],
  ['NUL', 'a\0b', 'has a control character'],
  ['DEL', 'a\x7fb', 'has a control character'],
  ['a C1 control', 'a\u0085b', 'has a control character'],
  ['a lone high surrogate', 'a\ud800b', 'has a lone surrogate'],
  ['a lone low surrogate', '\udc00', 'has a lone surrogate'],
  ['901 bytes', 'x'.repeat(901), 'is longer than 900 bytes of UTF-8'],
  ['901 bytes of fewer characters', `${'é'.repeat(450)}x`, 'is longer than 900 bytes of UTF-8'],
])('refuses %s', (_, name, fault) => {
  expect(filenameFault(name)).toBe(fault);
});
