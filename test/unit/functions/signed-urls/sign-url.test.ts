import { describe, expect, test } from 'vitest';
import { createSignUrl } from '#functions/signed-urls/sign-url.ts';
import type { UploadPolicy } from '#functions/signed-urls/upload-policy.ts';
import { signedUrlRequest } from '#shared/contract/signed-urls.ts';
import { faultOf, instantSigner, NOW } from './fakes.ts';

const anything: UploadPolicy = { contentTypes: ['*/*'], maxBytes: undefined };

function create({ policy = anything, origin }: { policy?: UploadPolicy; origin?: string } = {}) {
  const { signer, texts } = instantSigner();
  const signUrl = createSignUrl({ signer, clock: { now: () => NOW }, bucket: 'uploads', origin, policy });
  return { texts, sign: (wish: object, tenant = 'acme') => signUrl(tenant, signedUrlRequest.parse(wish)) };
}

const query = (expires: number, signed: string) =>
  [
    'X-Goog-Algorithm=GOOG4-RSA-SHA256',
    'X-Goog-Credential=signer%40a-project.iam.gserviceaccount.com%2F20261122%2Fauto%2Fstorage%2Fgoog4_request',
    'X-Goog-Date=20261122T102030Z',
    `X-Goog-Expires=${expires}`,
    `X-Goog-SignedHeaders=${signed}`,
    'X-Goog-Signature=ab0c',
  ].join('&');

describe('the URL and all that goes with it', () => {
  test('of an upload', async () => {
    const { sign, texts } = create();
    expect(await sign({ filename: 'a b/ä.png', content_type: 'image/png' })).toEqual({
      url: `https://storage.googleapis.com/uploads/acme/a%20b/%C3%A4.png?${query(900, 'content-type%3Bhost')}`,
      method: 'PUT',
      blob_name: 'acme/a b/ä.png',
      content_type: 'image/png',
      expires_at: '2026-11-22T10:35:30.000Z',
      headers: { 'Content-Type': 'image/png' },
    });
    expect(texts).toEqual([
      expect.stringMatching(
        /^GOOG4-RSA-SHA256\n20261122T102030Z\n20261122\/auto\/storage\/goog4_request\n[0-9a-f]{64}$/,
      ),
    ]);
  });

  test('of an upload with every bound', async () => {
    const { url, headers } = await create().sign({
      filename: 'f',
      content_type: 'text/plain;  charset=utf-8',
      max_bytes: 10,
      content_md5: 'XUFAKrxLKna5cZ2REBfFkg==',
      create_only: true,
    });
    expect(headers).toEqual({
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-MD5': 'XUFAKrxLKna5cZ2REBfFkg==',
      'x-goog-content-length-range': '0,10',
      'x-goog-if-generation-match': '0',
    });
    const signed = 'content-md5%3Bcontent-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-if-generation-match';
    expect(url).toBe(`https://storage.googleapis.com/uploads/acme/f?${query(900, signed)}`);
  });

  test('of a resumable upload, which is started with POST', async () => {
    const { method, headers, url } = await create().sign({
      filename: 'f',
      content_type: 'video/mp4',
      method: 'RESUMABLE',
      expires_minutes: 720,
    });
    expect(method).toBe('POST');
    expect(headers).toEqual({ 'Content-Type': 'video/mp4', 'x-goog-resumable': 'start' });
    expect(url).toBe(
      `https://storage.googleapis.com/uploads/acme/f?${query(43_200, 'content-type%3Bhost%3Bx-goog-resumable')}`,
    );
  });

  test('of a download, which needs no header', async () => {
    const answer = await create().sign({ filename: 'f', method: 'GET', content_type: 'image/png', expires_minutes: 1 });
    expect(answer).toEqual({
      url: `https://storage.googleapis.com/uploads/acme/f?${query(60, 'host')}`,
      method: 'GET',
      blob_name: 'acme/f',
      content_type: 'image/png',
      expires_at: '2026-11-22T10:21:30.000Z',
      headers: {},
    });
  });

  test('at another origin', async () => {
    const { sign } = create({ origin: 'http://127.0.0.1:4321' });
    const { url } = await sign({ filename: 'f', method: 'GET' });
    expect(url).toBe(`http://127.0.0.1:4321/uploads/acme/f?${query(900, 'host')}`);
  });
});

test('NFC and NFD stay what they are, and two objects', async () => {
  const { sign, texts } = create();
  const [nfc, nfd] = [await sign({ filename: 'é', method: 'GET' }), await sign({ filename: 'e\u0301', method: 'GET' })];
  expect([nfc.blob_name, nfd.blob_name]).toEqual(['acme/\u00e9', 'acme/e\u0301']);
  expect(nfc.url).toContain('/uploads/acme/%C3%A9?');
  expect(nfd.url).toContain('/uploads/acme/e%CC%81?');
  expect(texts[0]).not.toBe(texts[1]);
});

test('a name and a tenant that together are too long for Cloud Storage are refused', async () => {
  const { sign, texts } = create();
  const wish = { filename: 'x'.repeat(900), method: 'GET' };
  expect((await sign(wish, 't'.repeat(123))).blob_name).toHaveLength(1024);
  const fault = await faultOf(sign(wish, 't'.repeat(124)));
  expect([fault.code, fault.errors?.map(({ path }) => path)]).toEqual(['invalid_request', ['filename']]);
  expect(texts).toHaveLength(1);
});

describe('what may be uploaded', () => {
  const policy = { contentTypes: ['image/*', 'application/pdf'], maxBytes: 1000 };
  const upload = { filename: 'f', content_type: 'image/png' };

  test.each([
    ['the largest size, when none is asked for', upload, '0,1000'],
    ['a smaller one', { ...upload, max_bytes: 999 }, '0,999'],
    ['the largest itself', { ...upload, max_bytes: 1000, content_type: 'application/pdf' }, '0,1000'],
  ])('%s is signed', async (_, wish, range) => {
    const { headers } = await create({ policy }).sign(wish);
    expect(headers['x-goog-content-length-range']).toBe(range);
  });

  test.each([
    ['max_bytes', { ...upload, max_bytes: 1001 }],
    ['content_type', { ...upload, content_type: 'text/html' }],
    ['content_type', { ...upload, content_type: 'text/html', method: 'RESUMABLE' }],
  ])('anything else is refused, naming %s', async (path, wish) => {
    const { sign, texts } = create({ policy });
    const fault = await faultOf(sign(wish));
    expect([fault.code, fault.errors?.map((error) => error.path)]).toEqual(['invalid_request', [path]]);
    expect(texts).toEqual([]);
  });

  test('downloads are bound by none of it', async () => {
    const { headers } = await create({ policy }).sign({ filename: 'f', method: 'GET', content_type: 'text/html' });
    expect(headers).toEqual({});
  });
});
