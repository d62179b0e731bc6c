import { describe, expect, test } from 'vitest';
import { signedUrlsRoutes } from '#functions/signed-urls/handlers.ts';
import { createSignUrl } from '#functions/signed-urls/sign-url.ts';
import { shareIdentical } from '#shared/concurrency/share-identical.ts';
import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { createLogger } from '#shared/logging/cloud-logging.ts';
import { Fault } from '#shared/model/errors.ts';
import { faultOf, instantSigner, NOW } from './fakes.ts';

function start(signer: BlobSigner = instantSigner().signer) {
  const log: string[] = [];
  const policy = { contentTypes: ['*/*'], maxBytes: 1000 };
  const signUrl = createSignUrl({ signer, clock: { now: () => NOW }, bucket: 'uploads', origin: undefined, policy });
  const routes = signedUrlsRoutes(signUrl);
  const handle = async (path: string, body: unknown) => {
    const bound = routes.find(({ route }) => route.path === path);
    const answer = await bound?.handle({
      params: {},
      query: {},
      body,
      inexact: [],
      principal: {
        kind: 'user',
        uid: 'u',
        email: undefined,
        emailVerified: true,
        tenants: { acme: 'member' },
        tenantId: 'acme',
        role: 'member',
        staff: false,
      },
      headers: {},
      requestId: 'request-1',
      clientIp: '127.0.0.1',
      setHeaders: () => undefined,
      signal: new AbortController().signal,
      log: createLogger('test', (line) => log.push(line)),
    });
    return JSON.parse(JSON.stringify(answer?.body));
  };
  return {
    log,
    one: (body: unknown) => handle('/signed-url', body),
    batch: async (requests: unknown) => (await handle('/api/v1/signed-urls', { requests })).results,
  };
}

const upload = (filename: unknown, rest = {}) => ({ filename, content_type: 'text/plain', ...rest });

describe('each of these is a 400 that names its member', () => {
  const cases: [string, string, unknown][] = [
    ['no filename', 'filename', { content_type: 'text/plain' }],
    ['an empty segment', 'filename', upload('a//b')],
    ['a dot segment', 'filename', upload('a/../b')],
    ['a control character', 'filename', upload('a\nb')],
    ['a lone surrogate', 'filename', upload('\ud800')],
    ['a name too long', 'filename', upload('x'.repeat(901))],
    ['no content type', 'content_type', { filename: 'f' }],
    ['no content type to start with', 'content_type', { filename: 'f', method: 'RESUMABLE' }],
    ['CR LF', 'content_type', upload('f', { content_type: 'text/plain\r\nx-goog-acl: public-read' })],
    ['no media type', 'content_type', upload('f', { content_type: 'text' })],
    ['0 minutes', 'expires_minutes', upload('f', { expires_minutes: 0 })],
    ['721 minutes', 'expires_minutes', upload('f', { expires_minutes: 721 })],
    ['half a minute', 'expires_minutes', upload('f', { expires_minutes: 1.5 })],
    ['another method', 'method', upload('f', { method: 'DELETE' })],
    ['no byte', 'max_bytes', upload('f', { max_bytes: 0 })],
    ['more than 5 TiB', 'max_bytes', upload('f', { max_bytes: 5 * 2 ** 40 + 1 })],
    ['15 bytes of MD5', 'content_md5', upload('f', { content_md5: 'AAAAAAAAAAAAAAAAAAAA' })],
    ['MD5 in hex', 'content_md5', upload('f', { content_md5: '5d41402abc4b2a76b9719d911017c592' })],
    ['MD5 with bits that are none', 'content_md5', upload('f', { content_md5: 'XUFAKrxLKna5cZ2REBfFkh==' })],
    ['MD5 of a download', 'content_md5', { filename: 'f', method: 'GET', content_md5: 'XUFAKrxLKna5cZ2REBfFkg==' }],
    ['size of a download', 'max_bytes', { filename: 'f', method: 'GET', max_bytes: 1 }],
    ['a download that creates', 'create_only', { filename: 'f', method: 'GET', create_only: true }],
    ['a tenant with a slash', 'tenant_id', upload('f', { tenant_id: 'a/b' })],
    ['an unknown member', 'acl', upload('f', { acl: 'public-read' })],
  ];

  test.each(cases)('%s', async (_, path, body) => {
    const { texts, signer } = instantSigner();
    const { one, batch } = start(signer);
    const fault = await faultOf(one(body));
    expect([fault.code, fault.errors?.map((error) => error.path)]).toEqual(['invalid_request', [path]]);

    const [good, bad] = await batch([upload('good'), body]);
    expect(good.blob_name).toBe('acme/good');
    expect([bad.status, bad.code, bad.request_id]).toEqual([400, 'invalid_request', 'request-1']);
    expect(bad.errors.map((error: { path: string }) => error.path)).toEqual([`requests.1.${path}`]);
    expect(texts).toHaveLength(1);
  });

  test.each([
    ['none', []],
    ['101', Array.from({ length: 101 }, () => upload('f'))],
    ['no list', upload('f')],
  ])('a batch of %s', async (_, requests) => {
    const fault = await faultOf(start().batch(requests));
    expect([fault.code, fault.errors?.map(({ path }) => path)]).toEqual(['invalid_request', ['requests']]);
  });
});

describe('a batch', () => {
  test('answers a hundred in order', async () => {
    const { batch } = start();
    const names = Array.from({ length: 100 }, (_, index) => `file-${index}`);
    const results = await batch(names.map((name) => upload(name)));
    expect(results.map((result: { blob_name: string }) => result.blob_name)).toEqual(
      names.map((name) => `acme/${name}`),
    );
  });

  test('signs the same once', async () => {
    const { signer, texts } = instantSigner();
    const results = await start({ ...signer, sign: shareIdentical(signer.sign) }).batch([
      upload('a'),
      upload('b'),
      upload('a'),
      upload('a'),
    ]);
    expect(texts).toHaveLength(2);
    expect(results[2]).toEqual(results[0]);
    expect(results[1]).not.toEqual(results[0]);
  });

  test('fails in the one that fails, which is logged', async () => {
    let calls = 0;
    const { batch, log } = start({
      email: 'signer@p.iam.gserviceaccount.com',
      async sign() {
        calls += 1;
        if (calls === 2) throw new Fault('dependency_unavailable', 'No.', { cause: new Error('the reason') });
        return Uint8Array.of(calls);
      },
    });
    const results = await batch([upload('a'), upload('b'), upload('c')]);
    expect(results.map(({ status, code, blob_name }: Record<string, unknown>) => [status, code, blob_name])).toEqual([
      [undefined, undefined, 'acme/a'],
      [503, 'dependency_unavailable', undefined],
      [undefined, undefined, 'acme/c'],
    ]);
    expect(JSON.stringify(results)).not.toContain('the reason');
    expect(log.map((line) => JSON.parse(line))).toMatchObject([
      { severity: 'ERROR', message: 'signed_url_failed', index: 1, error: { cause: { message: 'the reason' } } },
    ]);
  });

  test('names what is not even an object', async () => {
    const [result] = await start().batch([3]);
    expect(result.errors.map(({ path }: { path: string }) => path)).toEqual(['requests.0']);
  });
});
