import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createResource } from '#shared/http/resource.ts';

const cache = { 'cache-control': 'public, max-age=3600' };
const resource = createResource('grüße', { 'content-type': 'text/plain; charset=utf-8', ...cache });

test('the plain form', () => {
  const { status, headers, body } = resource.answer({});
  expect([status, String(body)]).toEqual([200, 'grüße']);
  expect(headers).toEqual({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'public, max-age=3600',
    etag: expect.stringMatching(/^"[\w-]{27}"$/),
    vary: 'accept-encoding',
  });
});

test.each(['gzip', 'br, gzip', 'gzip;q=0.5', 'deflate, GZIP;q=1.0'])('%s gets the compressed form', (accepted) => {
  const { headers, body } = resource.answer({ 'accept-encoding': accepted });
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', etag: expect.stringMatching(/-gzip"$/) });
  expect(Buffer.isBuffer(body) && gunzipSync(body).toString()).toBe('grüße');
});

test.each([undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip; q=0.00', 'x-gzip'])(
  '%s gets the plain form',
  (accepted) => {
    expect(resource.answer({ 'accept-encoding': accepted }).headers).not.toHaveProperty('content-encoding');
  },
);

test('each form has a validator of its own', () => {
  const etag = resource.answer({}).headers?.['etag'] ?? '';
  const known = resource.answer({ 'if-none-match': `"other", W/${etag}` });
  expect(known).toEqual({
    status: 304,
    headers: { 'cache-control': 'public, max-age=3600', etag, vary: 'accept-encoding' },
  });
  expect(resource.answer({ 'if-none-match': '*' }).status).toBe(304);
  expect(resource.answer({ 'if-none-match': etag, 'accept-encoding': 'gzip' }).status).toBe(200);
  expect(
    createResource('other', { 'content-type': 'text/plain', ...cache }).answer({ 'if-none-match': etag }).status,
  ).toBe(200);
});
