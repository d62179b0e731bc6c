import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MAX_EXPIRATION } from '#shared/crypto/v4/credential.ts';
import { appendSignature, createSigningRequest, type SigningFields } from '#shared/crypto/v4/signing-request.ts';

const fields: SigningFields = {
  bucket: 'a-bucket',
  object: 'dir/naïve file',
  method: 'PUT',
  expiration: 900,
  timestamp: Date.UTC(2026, 10, 9, 8, 7, 6, 543),
  clientEmail: 'signer@a-project.iam.gserviceaccount.com',
  headers: { 'Content-Type': 'text/plain', 'x-goog-content-length-range': '0,1024' },
};

const canonicalRequest = `PUT
/a-bucket/dir/na%C3%AFve%20file
X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=signer%40a-project.iam.gserviceaccount.com%2F20261109%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20261109T080706Z&X-Goog-Expires=900&X-Goog-SignedHeaders=content-type%3Bhost%3Bx-goog-content-length-range
content-type:text/plain
host:storage.googleapis.com
x-goog-content-length-range:0,1024

content-type;host;x-goog-content-length-range
UNSIGNED-PAYLOAD`;

describe('createSigningRequest', () => {
  test('answers all there is to sign and to send', () => {
    const digest = createHash('sha256').update(canonicalRequest).digest('hex');
    expect(createSigningRequest(fields)).toEqual({
      method: 'PUT',
      headers: { 'content-type': 'text/plain', 'x-goog-content-length-range': '0,1024' },
      credentialScope: '20261109/auto/storage/goog4_request',
      canonicalRequest,
      stringToSign: `GOOG4-RSA-SHA256\n20261109T080706Z\n20261109/auto/storage/goog4_request\n${digest}`,
      unsignedUrl: `https://storage.googleapis.com/a-bucket/dir/na%C3%AFve%20file?${canonicalRequest.split('\n')[2]}`,
    });
  });

  test('starts a resumable upload by POST and a signed header', () => {
    const {
      method,
      headers,
      canonicalRequest: built,
    } = createSigningRequest({
      ...fields,
      method: 'RESUMABLE',
      headers: {},
    });
    expect(method).toBe('POST');
    expect(headers).toEqual({ 'x-goog-resumable': 'start' });
    expect(built.split('\n').slice(-5)).toEqual([
      'host:storage.googleapis.com',
      'x-goog-resumable:start',
      '',
      'host;x-goog-resumable',
      'UNSIGNED-PAYLOAD',
    ]);
  });

  test('signs the hash of the content where the client tells it', () => {
    const digest = 'AB'.repeat(32);
    const { canonicalRequest: built } = createSigningRequest({
      ...fields,
      headers: { 'X-Goog-Content-SHA256': digest },
    });
    expect(built.split('\n').at(-1)).toBe(digest);
  });

  test('signs NFC and NFD of a name as two', () => {
    const [nfc, nfd] = ['NFC', 'NFD'].map((form) => createSigningRequest({ ...fields, object: 'é'.normalize(form) }));
    expect(nfc?.canonicalRequest.split('\n')[1]).toBe('/a-bucket/%C3%A9');
    expect(nfd?.canonicalRequest.split('\n')[1]).toBe('/a-bucket/e%CC%81');
  });

  test.each([1, MAX_EXPIRATION])('allows %i seconds', (expiration) => {
    expect(createSigningRequest({ ...fields, expiration }).unsignedUrl).toContain(`&X-Goog-Expires=${expiration}&`);
  });

  test.each<[string, Partial<SigningFields>]>([
    ['expiration', { expiration: 0 }],
    ['expiration', { expiration: -1 }],
    ['expiration', { expiration: 1.5 }],
    ['expiration', { expiration: MAX_EXPIRATION + 1 }],
    ['expiration', { expiration: Number.NaN }],
    ['timestamp', { timestamp: Number.NaN }],
    ['timestamp', { timestamp: Number.POSITIVE_INFINITY }],
    ['timestamp', { timestamp: Date.UTC(10_000, 0) }],
    ['timestamp', { timestamp: Date.UTC(-1, 0) }],
  ])('refuses %s out of range: %j', (field, more) => {
    expect(() => createSigningRequest({ ...fields, ...more })).toThrow(RangeError);
    expect(() => createSigningRequest({ ...fields, ...more })).toThrow(new RegExp(`^${field} `));
  });

  test.each<[string, Partial<SigningFields>]>([
    ['bucket', { bucket: '' }],
    ['object', { object: '\udc00' }],
    ['clientEmail', { clientEmail: '' }],
    ['clientEmail', { clientEmail: 'a@b/c' }],
    ['clientEmail', { clientEmail: '\ud800@b' }],
    ['headers', { headers: { 'content-type': 'a/b\r\nx: y' } }],
    ['headers', { headers: { 'x-goog-content-sha256': 'not hex' } }],
    ['headers', { headers: { 'X-Goog-Resumable': 'start' }, method: 'RESUMABLE' }],
    ['queryParameters', { queryParameters: { 'X-Goog-Date': '20190201T090000Z' } }],
    ['bucketBoundHostname', { urlStyle: 'BUCKET_BOUND_HOSTNAME' }],
  ])('refuses a bad %s: %j', (field, more) => {
    expect(() => createSigningRequest({ ...fields, ...more })).toThrow(TypeError);
    expect(() => createSigningRequest({ ...fields, ...more })).toThrow(new RegExp(`^${field}\\b`));
  });
});

describe('appendSignature', () => {
  test('writes lower-case hex, of a view too', () => {
    const signature = Uint8Array.of(0xff, 0x00, 0x0a, 0xbc).subarray(1);
    expect(appendSignature('https://h/p?q=1', signature)).toBe('https://h/p?q=1&X-Goog-Signature=000abc');
  });

  test('refuses no signature', () => {
    expect(() => appendSignature('https://h/p?q=1', new Uint8Array())).toThrow(TypeError);
  });
});
