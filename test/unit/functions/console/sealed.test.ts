import { expect, test } from 'vitest';
import { createHandle, open, parseHandle, seal } from '#functions/console/sealed.ts';

const handle = createHandle();
const sealed = seal(handle, 'a refresh token');

test('opens what it sealed, from the text of the cookie too', () => {
  expect(open(handle, sealed)).toBe('a refresh token');
  const again = parseHandle(handle.text);
  expect(again?.documentId).toBe(handle.documentId);
  expect(again && open(again, sealed)).toBe('a refresh token');
  expect(seal(handle, 'a refresh token')).not.toBe(sealed);
});

test('opens nothing for another key, for another document, or altered', () => {
  const other = createHandle();
  expect(open(other, sealed)).toBeUndefined();
  expect(open({ ...handle, documentId: other.documentId }, sealed)).toBeUndefined();
  expect(open({ ...handle, key: other.key }, sealed)).toBeUndefined();
  const bytes = Buffer.from(sealed, 'base64url');
  for (const at of [0, 12, bytes.length - 1]) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    expect(open(handle, altered.toString('base64url'))).toBeUndefined();
  }
  expect(open(handle, '')).toBeUndefined();
});

test.each([undefined, '', '.', 'a.b', `${handle.text}x`, handle.text.replace('.', ''), ` ${handle.text}`])(
  'takes %j for no cookie of ours',
  (text) => expect(parseHandle(text)).toBeUndefined(),
);
