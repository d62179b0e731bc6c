import { createPublicKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { run, useSuite } from './suite.ts';

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
  expect(suite.stack.recorder.calls()).toEqual({ 'firestore.BatchGetDocuments': 1 });
});

test('the last known keys are served while Firestore fails, and KMS is not asked at all', async () => {
  const before = await suite.send('GET', JWKS);
  suite.stack.clock.advance(61);
  suite.stack.recorder.inject({ service: 'firestore', method: '*', code: 'UNAVAILABLE' });
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  const during = await suite.send('GET', JWKS);
  expect([during.status, during.text]).toEqual([200, before.text]);
  expect(suite.log.some((line) => JSON.parse(line).message === 'stale_keys')).toBe(true);
});

const SIGNED = '/.well-known/countersign-keys.json';
const ROOTS = '/api/v1/root-keys.pem';

test('the signed list follows from the pinned root, checked with openssl alone', async () => {
  const { root, list } = (await suite.send('GET', SIGNED)).body;
  const pinned = await suite.send('GET', ROOTS);
  expect(pinned.text).toBe(suite.stack.rootKey);
  expect(list).toMatchObject({
    kind: 'keys',
    revoked: [],
    keys: [{ key_version: 'license-signing.1', state: 'signing' }],
  });
  expect(list.sequence).toBeGreaterThanOrEqual(1);
  expect(root).toMatchObject({
    kind: 'directory',
    directory_key: 'license-directory.1',
    root_version: 'license-root.1',
  });
  await expect(opensslVerifies(root, pinned.text)).resolves.toBe(true);
  await expect(opensslVerifies(list, root.pem)).resolves.toBe(true);
  await expect(opensslVerifies({ ...list, sequence: list.sequence + 1 }, root.pem)).resolves.toBe(false);
});

test('the signed list is kept for five minutes, the roots for an hour', async () => {
  expect((await suite.send('GET', SIGNED)).headers.get('cache-control')).toMatch(/^public, max-age=300,/);
  expect((await suite.send('GET', ROOTS)).headers.get('cache-control')).toBe(CACHE);
});

test.each([JWKS, LIST, PEM, SIGNED, ROOTS])('%s carries nothing of its caller', async (path) => {
  const headers = { 'x-request-id': 'of-this-caller-alone', origin: 'https://somewhere.example' };
  for (const method of ['GET', 'HEAD']) {
    const reply = await suite.send(method, path, undefined, undefined, headers);
    expect(reply.headers.get('x-request-id')).toBeNull();
    expect(JSON.stringify([...reply.headers])).not.toContain('somewhere');
  }
  suite.stack.clock.advance(61);
  expect((await suite.send('GET', path, undefined, undefined, headers)).headers.get('x-request-id')).toBeNull();
});

test('a version that somebody disabled in KMS by hand costs no signature: the next best one signs', async () => {
  suite.stack.clock.advance(31 * 86_400);
  await suite.send('POST', '/internal/keys/rotate', undefined, 'scheduler');
  suite.stack.clock.advance(3 * 86_400);
  const sign = () => suite.post('/api/v1/licenses/sign', { payload: { a: 1 } }, 'service');
  expect((await sign()).body.license_data.key_version).toBe('license-signing.2');
  suite.stack.recorder.inject({ service: 'kms', method: 'AsymmetricSign', code: 'FAILED_PRECONDITION', times: 1 });
  const signed = await sign();
  expect([signed.status, signed.body.license_data.key_version]).toEqual([200, 'license-signing.1']);
  expect(suite.log.some((line) => JSON.parse(line).message === 'signing_key_refused')).toBe(true);
});

async function opensslVerifies(statement: Record<string, unknown>, pem: string): Promise<boolean> {
  const { signature, ...others } = statement;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  try {
    await writeFile(join(folder, 'key.pem'), pem);
    await writeFile(join(folder, 'text'), canonicalJson(others));
    await writeFile(join(folder, 'sig'), Buffer.from(String(signature), 'base64'));
    const args = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'sig', 'text'];
    return await run('openssl', args, { cwd: folder }).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}
