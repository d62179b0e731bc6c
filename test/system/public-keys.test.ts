import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const suite = useSuite();

const JWKS = '/.well-known/jwks.json';
const LIST = '/api/v1/public-keys';
const PEM = '/api/v1/public-keys/license-signing.1.pem';
const CACHE = 'public, max-age=3600, stale-while-revalidate=60, stale-if-error=86400';

test('the three forms are one key', async () => {
  const jwks = await suite.send('GET', JWKS);
  const list = await suite.send('GET', LIST);
  const pem = await suite.send('GET', PEM);
  expect(pem.headers.get('content-type')).toBe('application/x-pem-file');
  const [jwk] = jwks.body.keys;
  expect(Object.keys(jwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  expect(list.body.keys).toEqual([
    {
      key_version: 'license-signing.1',
      kid: jwk.kid,
      algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
      state: 'signing',
      created_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
      pem: pem.text,
    },
  ]);
  const fromJwk = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  expect(fromJwk).toBe(pem.text);
});

test.each([JWKS, LIST, PEM])('%s is made to be cached', async (path) => {
  const first = await suite.send('GET', path, undefined, undefined, { origin: 'https://somewhere.example' });
  const etag = first.headers.get('etag') ?? '';
  expect(first.headers.get('cache-control')).toBe(CACHE);
  expect(first.headers.get('access-control-allow-origin')).toBe('*');
  expect(etag).toMatch(/^"[\w-]+"$/);

  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const second = await suite.send('GET', path, undefined, undefined, { 'if-none-match': known });
    expect([second.status, second.text, second.headers.get('etag')]).toEqual([304, '', etag]);
    expect(second.headers.get('cache-control')).toBe(CACHE);
  }
  expect((await suite.send('GET', path, undefined, undefined, { 'if-none-match': '"other"' })).status).toBe(200);

  const head = await suite.send('HEAD', path);
  expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', etag]);
  expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(first.text)));
  expect((await suite.send('GET', `${path}/`)).text).toBe(first.text);
});

test('a version that is not published is a 404', async () => {
  for (const name of ['license-signing.2', 'nonsense', '%ff', '..%2f..', 'license-signing.1.pem']) {
    const reply = await suite.send('GET', `/api/v1/public-keys/${name}.pem`);
    expect([reply.status, reply.body.code]).toEqual([404, 'not_found']);
  }
});

test('keys are kept in memory and read again when stale, once for all who wait', async () => {
  await suite.send('GET', JWKS);
  suite.stack.recorder.forgetCalls();
  await Promise.all(Array.from({ length: 20 }, () => suite.send('GET', JWKS)));
  expect(suite.stack.recorder.calls()).toEqual({});
  suite.stack.clock.advance(61);
  await Promise.all(Array.from({ length: 20 }, () => suite.send('GET', JWKS)));
  expect(suite.stack.recorder.calls()).toEqual({ 'firestore.RunQuery': 2, 'kms.ListCryptoKeyVersions': 1 });
});

test('the last known keys are served while KMS fails', async () => {
  const before = await suite.send('GET', JWKS);
  suite.stack.clock.advance(61);
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  const during = await suite.send('GET', JWKS);
  expect([during.status, during.text]).toEqual([200, before.text]);
  expect(suite.log.some((line) => JSON.parse(line).message === 'stale_keys')).toBe(true);
});
