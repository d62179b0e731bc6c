import { describe, expect, test } from 'vitest';
import { covers, isMediaRange, isMediaType } from '#shared/model/media-type.ts';

describe('a media type', () => {
  test.each([
    'text/plain',
    'TEXT/Plain',
    'text/plain;charset=utf-8',
    'text/plain ; charset=utf-8; format=flowed',
    'multipart/mixed; boundary="a b;c\\"d"',
    'application/vnd.api+json',
    `a/${'b'.repeat(253)}`,
  ])('is %j', (text) => expect(isMediaType(text)).toBe(true));

  test.each([
    '',
    'text',
    'text/',
    '/plain',
    'text/plain/x',
    'text plain',
    ' text/plain',
    'text/plain ',
    'text/plain;',
    'text/plain; charset',
    'text/plain; charset = utf-8',
    'text/plain; charset="utf-8',
    'text/plain\r\nx-goog-acl: public-read',
    'text/plain\n',
    'text/plain; a="\r\n"',
    'text/plain; a="ä"',
    'text/pläin',
    `a/${'b'.repeat(254)}`,
  ])('is not %j', (text) => expect(isMediaType(text)).toBe(false));

  test('is told from others in no time, however long the attempt to confuse', () => {
    expect(isMediaType(`a/b${' ; a=b'.repeat(41)} !`)).toBe(false);
    expect(isMediaType(`a/b;${' '.repeat(250)}`)).toBe(false);
  });
});

test.each(['*/*', 'image/*', 'image/png'])('%s is a range', (text) => expect(isMediaRange(text)).toBe(true));
test.each(['*', '*/png', 'image/p*g', 'image', 'image/png; q=1', ''])('%j is no range', (text) => {
  expect(isMediaRange(text)).toBe(false);
});

test.each([
  [['*/*'], 'anything/at-all', true],
  [['image/*'], 'image/png', true],
  [['image/*'], 'IMAGE/PNG; a=b', true],
  [['IMAGE/PNG'], 'image/png', true],
  [['image/*'], 'imagery/png', false],
  [['image/*'], 'text/html; a=image/png', false],
  [['image/png', 'application/pdf'], 'application/pdf', true],
  [['image/png'], 'image/pngx', false],
  [['image/png'], 'no type', false],
])('%j covers %j: %j', (ranges, type, covered) => {
  expect(covers(ranges, type)).toBe(covered);
});
