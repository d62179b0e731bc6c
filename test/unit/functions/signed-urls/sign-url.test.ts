import { describe, expect, test } from 'vitest';
import { createSignUrl } from '#functions/signed-urls/sign-url.ts';
import type { UploadPolicy } from '#functions/signed-urls/upload-policy.ts';
import { signedUrlRequest } from '#shared/contract/signed-urls.ts';
import { FILENAME_PLACEHOLDER } from '#shared/model/object-name.ts';
import { faultOf, instantSigner, NOW } from './fakes.ts';

const anything: UploadPolicy = { contentTypes: ['*/*'], maxBytes: 1000 };

function create({ policy = anything, origin }: { policy?: UploadPolicy; origin?: string } = {}) {
  const { signer, texts } = instantSigner();
  const signUrl = createSignUrl({ signer, clock: { now: () => NOW }, bucket: 'uploads', origin, policy });
  return {
    texts,
    sign: (wish: object, tenantId = 'acme', id = 'jo') =>
      signUrl({ tenantId, requestedBy: { kind: 'user', id } }, signedUrlRequest.parse(wish)),
  };
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

/** Whose upload it is, and who asked for it. */
const FROM = {
  'x-goog-meta-countersign-tenant': 'acme',
  'x-goog-meta-countersign-requested-by': 'user:jo',
};

describe('the URL and all that goes with it', () => {
  test('of an upload', async () => {
    const { sign, texts } = create();
    expect(await sign({ filename: 'a b/ä.png', content_type: 'image/png' })).toEqual({
      url: `https://storage.googleapis.com/uploads/acme/a%20b/%C3%A4.png?${query(900, 'content-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-meta-countersign-requested-by%3Bx-goog-meta-countersign-tenant')}`,
      method: 'PUT',
      blob_name: 'acme/a b/ä.png',
      content_type: 'image/png',
      expires_at: '2026-11-22T10:35:30.000Z',
      headers: { 'Content-Type': 'image/png', 'x-goog-content-length-range': '0,1000', ...FROM },
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
      ...FROM,
      'x-goog-if-generation-match': '0',
    });
    const signed =
      'content-md5%3Bcontent-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-if-generation-match%3Bx-goog-meta-countersign-requested-by%3Bx-goog-meta-countersign-tenant';
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
    expect(headers).toEqual({
      'Content-Type': 'video/mp4',
      'x-goog-content-length-range': '0,1000',
      ...FROM,
      'x-goog-resumable': 'start',
    });
    const signed =
      'content-type%3Bhost%3Bx-goog-content-length-range%3Bx-goog-meta-countersign-requested-by%3Bx-goog-meta-countersign-tenant%3Bx-goog-resumable';
    expect(url).toBe(`https://storage.googleapis.com/uploads/acme/f?${query(43_200, signed)}`);
  });

  test('of a resumable upload that a page goes on with: its origin is sent along', async () => {
    const origin = 'https://app.example:8443';
    const { headers, url } = await create().sign({ filename: 'f', content_type: 'a/b', method: 'RESUMABLE', origin });
    expect(headers['Origin']).toBe(origin);
    expect(url).toContain('X-Goog-SignedHeaders=content-type%3Bhost%3Borigin%3B');
  });

  test('of a form: its fields, and a policy with type and size', async () => {
    const { sign, texts } = create();
    const answer = await sign({ filename: 'ä $1', content_type: 'image/png', method: 'POST', max_bytes: 10 });
    const { policy = '', ...fields } = answer.fields ?? {};
    const credential = 'signer@a-project.iam.gserviceaccount.com/20261122/auto/storage/goog4_request';
    const own = {
      'x-goog-date': '20261122T102030Z',
      'x-goog-credential': credential,
      'x-goog-algorithm': 'GOOG4-RSA-SHA256',
    };
    expect({ ...answer, fields }).toEqual({
      url: 'https://storage.googleapis.com/uploads/',
      method: 'POST',
      blob_name: 'acme/ä $1',
      content_type: 'image/png',
      expires_at: '2026-11-22T10:35:30.000Z',
      headers: {},
      fields: { 'content-type': 'image/png', ...FROM, key: 'acme/ä $1', ...own, 'x-goog-signature': 'ab0c' },
    });
    expect(texts).toEqual([policy]);
    expect(JSON.parse(Buffer.from(policy, 'base64').toString())).toEqual({
      conditions: [
        ['content-length-range', 0, 10],
        { 'content-type': 'image/png' },
        ...Object.entries(FROM).map(([name, value]) => ({ [name]: value })),
        { bucket: 'uploads' },
        { key: 'acme/ä $1' },
        ...Object.entries(own).map(([name, value]) => ({ [name]: value })),
      ],
      expiration: '2026-11-22T10:35:30Z',
    });
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

describe('a download', () => {
  const disposition = async (wish: object) =>
    new URL((await create().sign({ filename: 'f', method: 'GET', ...wish })).url).searchParams.get(
      'response-content-disposition',
    );

  test.each([
    ['report.pdf', 'attachment; filename="report.pdf"'],
    ['Übersicht.pdf', 'attachment; filename="_bersicht.pdf"; filename*=UTF-8\'\'%C3%9Cbersicht.pdf'],
    ['a"b\'c(1)*.txt', "attachment; filename=\"a_b'c(1)*.txt\"; filename*=UTF-8''a%22b%27c%281%29%2A.txt"],
    ['100%.txt', 'attachment; filename="100_.txt"; filename*=UTF-8\'\'100%25.txt'],
    ['👩‍🚀.png', 'attachment; filename="___.png"; filename*=UTF-8\'\'%F0%9F%91%A9%E2%80%8D%F0%9F%9A%80.png'],
    ['a; filename=b', 'attachment; filename="a; filename=b"'],
    ['.profile', 'attachment; filename=".profile"'],
  ])('is saved as %s', async (name, header) => {
    expect(await disposition({ download_as: name })).toBe(header);
  });

  test.each(['', 'a/b', 'a\\b', 'a\nb', 'a\u0000', '\ud800', '\u202efdp.exe', '..', '. .', 'ä'.repeat(128)])(
    'is not saved as %j',
    (name) => {
      expect(signedUrlRequest.safeParse({ filename: 'f', method: 'GET', download_as: name }).success).toBe(false);
    },
  );

  test.each([
    ['index.html', undefined],
    ['a/b/Page.HTM', undefined],
    ['x.SvG', undefined],
    ['x.svgz', undefined],
    ['feed.xml', 'text/plain'],
    ['x.xhtml...', undefined],
    ['x.html. .', undefined],
    ['x.html;v=1.0', undefined],
    ['drawing.svg (2)', undefined],
    ['module.mjs', undefined],
    ['x.ｈｔｍｌ', undefined],
    ['x.ht\u200bml', undefined],
    ['archive.mhtml', undefined],
    ['x', 'text/html'],
    ['x', 'Text/HTML; charset="utf-8"'],
    ['x.png', 'image/svg+xml'],
    ['x', 'application/atom+xml;type=entry'],
    ['x', 'application/xhtml+xml'],
    ['x', 'text/javascript1.5'],
    ['x', 'application/X-JavaScript'],
    ['x', 'text/vbscript'],
    ['x', 'application/unknown'],
  ])('of %s as %s is never shown', async (filename, content_type) => {
    expect(await disposition({ filename, content_type })).toBe('attachment');
  });

  test.each([
    ['photo.png', 'image/png'],
    ['report.pdf', 'application/pdf'],
    ['data.json', 'application/json'],
    ['page.html.txt', 'text/plain; note="text/html"'],
    ['html', undefined],
    ['a.html/b', undefined],
    ['notes.htmlx', undefined],
    ['sheet.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ])('of %s as %s may be', async (filename, content_type) => {
    expect(await disposition({ filename, content_type })).toBeNull();
  });
});

test.each([
  ['download_as', { method: 'PUT', content_type: 'a/b', download_as: 'x' }],
  ['origin', { method: 'PUT', content_type: 'a/b', origin: 'https://a.example' }],
  ['origin', { method: 'RESUMABLE', content_type: 'a/b', origin: 'https://a.example/' }],
  ['create_only', { method: 'POST', content_type: 'a/b', create_only: true }],
  ['content_md5', { method: 'POST', content_type: 'a/b', content_md5: 'XUFAKrxLKna5cZ2REBfFkg==' }],
  ['content_type', { method: 'POST' }],
  ['max_bytes', { method: 'GET', max_bytes: 1 }],
  ['filename', { method: 'POST', content_type: 'a/b', filename: `a/${FILENAME_PLACEHOLDER}` }],
])('%s is refused where it means nothing: %j', (path, wish) => {
  const { error } = signedUrlRequest.safeParse({ filename: 'f', ...wish });
  expect(error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
});
