import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeComponent, encodePath } from '#shared/crypto/v4/percent-encoding.ts';
import { codePoint } from '../../../code-point.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: codePoint }),
  fc.string({ unit: 'grapheme-ascii' }),
);

describe('encodeComponent', () => {
  test('leaves RFC 3986 unreserved characters and no others', () => {
    const ascii = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
    const kept = [...ascii].filter((character) => encodeComponent(character, 'text') === character).join('');
    expect(kept).toBe('-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~');
  });

  test('encodes as UTF-8 in upper-case hex', () => {
    expect(encodeComponent("a b!'()*/é€😀\u0000", 'text')).toBe(
      'a%20b%21%27%28%29%2A%2F%C3%A9%E2%82%AC%F0%9F%98%80%00',
    );
  });

  test('is undone by decoding', () => {
    fc.assert(fc.property(text, (any) => decodeURIComponent(encodeComponent(any, 'text')) === any));
  });

  test('keeps NFC and NFD apart', () => {
    expect(encodeComponent('é'.normalize('NFC'), 'text')).toBe('%C3%A9');
    expect(encodeComponent('é'.normalize('NFD'), 'text')).toBe('e%CC%81');
  });

  test.each(['\ud800', 'a\udc00b', '\udc00\ud800'])('refuses the lone surrogate in %j', (lone) => {
    expect(() => encodeComponent(lone, 'the field')).toThrow(new TypeError('the field has a lone surrogate'));
  });
});

describe('encodePath', () => {
  test('keeps every slash and encodes a written %2F', () => {
    expect(encodePath('//a/%2F/b c/', 'object')).toBe('//a/%252F/b%20c/');
  });

  test('encodes each segment by itself', () => {
    fc.assert(
      fc.property(fc.array(text), (segments) => {
        const path = segments.join('/');
        const encoded = path.split('/').map((segment) => encodeComponent(segment, 'segment'));
        expect(encodePath(path, 'object')).toBe(encoded.join('/'));
      }),
    );
  });
});
