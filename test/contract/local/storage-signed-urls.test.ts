import { createHash, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Storage } from '@google-cloud/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock, type MovableClock } from '#local/clock.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { type LocalStorage, startStorage } from '#local/storage/start.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const BUCKET = 'uploads';
const signer = createCaller('signer@p.iam.gserviceaccount.com', [
  ['storage.objects.create', `projects/_/buckets/${BUCKET}`],
  ['storage.objects.get', `projects/_/buckets/${BUCKET}`],
  ['storage.objects.list', `projects/_/buckets/${BUCKET}`],
  ['storage.objects.delete', `projects/_/buckets/${BUCKET}`],
]);
const powerless = createCaller('powerless@p.iam.gserviceaccount.com', []);
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let dir: string;
let clock: MovableClock;
let recorder: Recorder;
let storage: LocalStorage;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'storage-test-'));
  clock = createMovableClock();
  recorder = createRecorder();
  const known = [signer.email, powerless.email];
  const keyOf = (email: string) => (known.includes(email) ? publicKey : undefined);
  storage = await startStorage({ dir, clock, recorder, callers: [signer, powerless], publicKey: keyOf });
  const rule = {
    origin: ['https://app.example'],
    method: ['PUT'],
    responseHeader: ['Content-Type'],
    maxAgeSeconds: 60,
  };
  storage.createBucket(BUCKET, { cors: [rule] });
});

afterEach(async () => {
  await storage.close();
  await rm(dir, { recursive: true });
});

interface SignOptions {
  method?: string;
  name?: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  expires?: string;
  email?: string;
  location?: string;
  /** Milliseconds to add to the clock's time. */
  shift?: number;
  host?: string;
  path?: string;
  algorithm?: string;
  signedHeaders?: string;
}

/** A V4 signer of its own, with nothing in common with the code under test. */
function signed(options: SignOptions = {}): string {
  const { method = 'PUT', name = 'a/file', headers = {}, query = {}, expires = '600', shift = 0 } = options;
  const host = options.host ?? new URL(storage.xmlUrl).host;
  const percent = (value: string) =>
    [...Buffer.from(value)]
      .map((b) =>
        /[\w.~-]/.test(String.fromCharCode(b))
          ? String.fromCharCode(b)
          : `%${b.toString(16).toUpperCase().padStart(2, '0')}`,
      )
      .join('');
  const date = new Date(clock.now() + shift).toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/${options.location ?? 'auto'}/storage/goog4_request`;
  const all: Record<string, string> = { host, ...headers };
  const names = Object.keys(all).sort();
  const parameters: Record<string, string> = {
    'X-Goog-Algorithm': options.algorithm ?? 'GOOG4-RSA-SHA256',
    'X-Goog-Credential': `${options.email ?? signer.email}/${scope}`,
    'X-Goog-Date': date,
    'X-Goog-Expires': expires,
    'X-Goog-SignedHeaders': options.signedHeaders ?? names.join(';'),
    ...query,
  };
  const search = Object.keys(parameters)
    .map((key) => `${percent(key)}=${percent(parameters[key] ?? '')}`)
    .sort()
    .join('&');
  const path = options.path ?? `/${BUCKET}/${name.split('/').map(percent).join('/')}`;
  const lines = names.map((key) => `${key}:${all[key]}\n`).join('');
  const canonical = `${method}\n${path}\n${search}\n${lines}\n${names.join(';')}\nUNSIGNED-PAYLOAD`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const signature = signBytes('RSA-SHA256', Buffer.from(`GOOG4-RSA-SHA256\n${date}\n${scope}\n${digest}`), privateKey);
  return `${storage.xmlUrl}${path}?${search}&X-Goog-Signature=${signature.toString('hex')}`;
}

/** Status and error code of an answer. */
async function outcome(response: Promise<Response>): Promise<[number, string]> {
  const { status, ...rest } = await response.then(async (r) => ({ status: r.status, body: await r.text() }));
  return [status, /<Code>(\w+)<\/Code>/.exec(rest.body)?.[1] ?? rest.body];
}

const element = (xml: string, name: string) => new RegExp(`<${name}>([^]*?)</${name}>`).exec(xml)?.[1];

async function stored(name = 'a/file'): Promise<string> {
  const response = await fetch(signed({ method: 'GET', name }));
  return response.status === 200 ? response.text() : `${response.status}`;
}

describe('what a URL allows', () => {
  it('PUT, GET, HEAD, ranges and DELETE of one object', async () => {
    const headers = { 'content-type': 'text/plain', 'x-goog-meta-owner': 'me' };
    const put = await fetch(signed({ headers }), { method: 'PUT', headers, body: '0123456789' });
    expect(put.status).toBe(200);
    expect(put.headers.get('x-goog-generation')).toMatch(/^\d{16}$/);

    const get = await fetch(signed({ method: 'GET' }));
    expect([
      get.status,
      await get.text(),
      get.headers.get('content-type'),
      get.headers.get('x-goog-meta-owner'),
    ]).toEqual([200, '0123456789', 'text/plain', 'me']);
    const part = await fetch(signed({ method: 'GET' }), { headers: { range: 'bytes=2-4' } });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    const beyond = fetch(signed({ method: 'GET' }), { headers: { range: 'bytes=10-' } });
    expect(await outcome(beyond)).toEqual([416, 'InvalidRange']);
    const head = await fetch(signed({ method: 'HEAD' }), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
    const named = await fetch(signed({ method: 'GET', query: { 'response-content-disposition': 'attachment' } }));
    expect(named.headers.get('content-disposition')).toBe('attachment');

    expect(await outcome(fetch(signed({ method: 'DELETE' }), { method: 'DELETE' }))).toEqual([204, '']);
    expect(await outcome(fetch(signed({ method: 'GET' })))).toEqual([404, 'NoSuchKey']);
    expect(recorder.calls()).toEqual({
      'storage.delete': 1,
      'storage.download': 5,
      'storage.head': 1,
      'storage.upload': 1,
    });
  });

  it.each(['ä/ö ü.txt', "it's (1)*!~.txt", 'a//b', '100%+&=?#.bin', 'e\u0301 and \u00e9'])(
    'the name %j',
    async (name) => {
      expect((await fetch(signed({ name }), { method: 'PUT', body: name })).status).toBe(200);
      expect(await stored(name)).toBe(name);
    },
  );

  it("a region instead of auto, and the service's own host names with the bucket in front", async () => {
    expect(await outcome(fetch(signed({ location: 'europe-west1' }), { method: 'PUT', body: 'x' }))).toEqual([200, '']);
    const host = `${BUCKET}.storage.googleapis.com`;
    const url = new URL(signed({ method: 'GET', host, path: '/a/file' }));
    const answer = new Promise<string>((resolve, reject) => {
      request(url, { headers: { host } }, (response) => resolve(text(response)))
        .on('error', reject)
        .end();
    });
    expect(await answer).toBe('x');
  });

  it('URLs of the client library', async () => {
    const client = new Storage({
      apiEndpoint: storage.xmlUrl,
      projectId: 'p',
      credentials: {
        client_email: signer.email,
        private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      },
    });
    const file = client.bucket(BUCKET).file('by/the client.txt');
    const expires = Date.now() + 60_000;
    const [put] = await file.getSignedUrl({ version: 'v4', action: 'write', expires, contentType: 'text/plain' });
    const headers = { 'content-type': 'text/plain' };
    expect(await outcome(fetch(put, { method: 'PUT', headers, body: 'hello' }))).toEqual([200, '']);
    const [get] = await file.getSignedUrl({ version: 'v4', action: 'read', expires });
    expect(await outcome(fetch(get))).toEqual([200, 'hello']);
  });
});

describe('what it does not', () => {
  const type = { 'content-type': 'image/png' };

  it('another type, another method, another object', async () => {
    const url = signed({ headers: type });
    const wrong = { 'content-type': 'image/jpeg' };
    expect(await outcome(fetch(url, { method: 'PUT', headers: wrong, body: 'x' }))).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect(await outcome(fetch(url, { headers: type }))).toEqual([403, 'SignatureDoesNotMatch']);
    const other = url.replace('/a/file?', '/a/other?');
    expect(await outcome(fetch(other, { method: 'PUT', headers: type, body: 'x' }))).toEqual([
      403,
      'SignatureDoesNotMatch',
    ]);
    expect(await outcome(fetch(url, { method: 'PUT', headers: type, body: 'x' }))).toEqual([200, '']);
  });

  it('a flipped bit of the signature, and the answer shows what was expected', async () => {
    const url = signed();
    const last = Number.parseInt(url.slice(-1), 16) ^ 1;
    const response = await fetch(url.slice(0, -1) + last.toString(16), { method: 'PUT', body: 'x' });
    const body = await response.text();
    expect([response.status, element(body, 'Code')]).toEqual([403, 'SignatureDoesNotMatch']);
    const canonical = String(element(body, 'CanonicalRequest')).replaceAll('&amp;', '&');
    expect(canonical.split('\n').slice(0, 2)).toEqual(['PUT', `/${BUCKET}/a/file`]);
    expect(canonical.split('\n').slice(3)).toEqual([`host:${new URL(url).host}`, '', 'host', 'UNSIGNED-PAYLOAD']);
    expect(element(body, 'StringToSign')?.split('\n').at(-1)).toBe(
      createHash('sha256').update(canonical).digest('hex'),
    );
  });

  it('a changed, added or removed parameter', async () => {
    const url = signed({ query: { 'response-content-type': 'text/plain' }, method: 'GET' });
    for (const bad of [
      url.replace('text%2Fplain', 'text%2Fhtml'),
      `${url}&extra=1`,
      url.replace(/response-content-type=[^&]*&/, ''),
    ]) {
      expect(await outcome(fetch(bad))).toEqual([403, 'SignatureDoesNotMatch']);
    }
  });

  it('after its time or too long before it', async () => {
    const url = signed({ expires: '60' });
    clock.advance(61);
    expect(await outcome(fetch(url, { method: 'PUT', body: 'x' }))).toEqual([400, 'ExpiredToken']);
    const inFuture = (minutes: number) => fetch(signed({ shift: minutes * 60_000 }), { method: 'PUT', body: 'x' });
    expect(await outcome(inFuture(16))).toEqual([403, 'AccessDenied']);
    expect(await outcome(inFuture(14))).toEqual([200, '']);
  });

  it.each([
    ['more than seven days', { expires: '604801' }],
    ['no time at all', { expires: '0' }],
    ['an expiry that is no number', { expires: '1e3' }],
    ['another algorithm', { algorithm: 'GOOG4-HMAC-SHA256' }],
    ['host not signed', { signedHeaders: 'content-type' }],
    ['a location with capitals', { location: 'AUTO' }],
    ['a signed header that is not sent', { headers: type }],
  ])('%s is malformed', async (_, options: SignOptions) => {
    expect(await outcome(fetch(signed(options), { method: 'PUT' }))).toEqual([400, 'MalformedSecurityHeader']);
  });

  it('seven days are allowed', async () => {
    expect(await outcome(fetch(signed({ expires: '604800' }), { method: 'PUT', body: 'x' }))).toEqual([200, '']);
  });

  it('a signature in base64 or in capitals', async () => {
    const url = signed();
    const hex = url.split('Signature=')[1] ?? '';
    const base64 = encodeURIComponent(Buffer.from(hex, 'hex').toString('base64'));
    for (const signature of [base64, hex.toUpperCase()]) {
      const bad = url.replace(hex, signature);
      expect(await outcome(fetch(bad, { method: 'PUT', body: 'x' }))).toEqual([400, 'MalformedSecurityHeader']);
    }
  });

  it('an x-goog header that was not signed', async () => {
    const headers = { 'x-goog-if-generation-match': '0' };
    expect(await outcome(fetch(signed(), { method: 'PUT', headers, body: 'x' }))).toEqual([
      400,
      'MalformedSecurityHeader',
    ]);
  });

  it('without a signature, by an unknown account, or by one without rights', async () => {
    expect(await outcome(fetch(`${storage.xmlUrl}/${BUCKET}/a/file`))).toEqual([403, 'AccessDenied']);
    const unknown = signed({ email: 'who@p.iam.gserviceaccount.com' });
    expect(await outcome(fetch(unknown, { method: 'PUT', body: 'x' }))).toEqual([403, 'InvalidSecurity']);
    const response = await fetch(signed({ email: powerless.email }), { method: 'PUT', body: 'x' });
    const body = await response.text();
    expect([response.status, element(body, 'Code')]).toEqual([403, 'AccessDenied']);
    expect(element(body, 'Details')).toBe(
      `${powerless.email} does not have storage.objects.create access to the Google Cloud Storage object. Permission 'storage.objects.create' denied on resource (or it may not exist).`,
    );
  });
});

describe('conditions signed into a URL', () => {
  const put = (headers: Record<string, string>, body: string | Buffer) =>
    outcome(fetch(signed({ headers }), { method: 'PUT', headers, body: new Uint8Array(Buffer.from(body)) }));

  it('sizes, to the byte', async () => {
    const headers = { 'x-goog-content-length-range': '2,5' };
    expect(await put(headers, '123456')).toEqual([400, 'EntityTooLarge']);
    expect(await put(headers, '1')).toEqual([400, 'EntityTooSmall']);
    expect(await stored()).toBe('404');
    expect(await put(headers, '12')).toEqual([200, '']);
    expect(await put(headers, '12345')).toEqual([200, '']);
    expect(await stored()).toBe('12345');
  });

  it('a body of unannounced length is cut off at the limit', async () => {
    const headers = { 'x-goog-content-length-range': '0,100000' };
    const response = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const upload = request(signed({ headers }), { method: 'PUT', headers }, async (answer) => {
        resolve({ status: answer.statusCode, body: await text(answer) });
      });
      upload.on('error', reject);
      // The request is never ended: the answer has to come before the body is over.
      upload.write(Buffer.alloc(100_001));
    });
    expect([response.status, element(response.body, 'Code')]).toEqual([400, 'EntityTooLarge']);
    expect(await readdir(join(dir, 'uploads'))).toEqual([]);
  });

  it('create-only: once', async () => {
    const headers = { 'x-goog-if-generation-match': '0' };
    expect(await put(headers, 'first')).toEqual([200, '']);
    expect(await put(headers, 'second')).toEqual([412, 'PreconditionFailed']);
    expect(await stored()).toBe('first');
  });

  it('MD5 and CRC32C', async () => {
    const md5 = createHash('md5').update('right').digest('base64');
    expect(await put({ 'content-md5': md5 }, 'wrong')).toEqual([400, 'BadDigest']);
    expect(await put({ 'x-goog-hash': 'crc32c=AAAAAA==' }, 'wrong')).toEqual([400, 'CrcMismatch']);
    expect(await stored()).toBe('404');
    expect(await put({ 'content-md5': md5 }, 'right')).toEqual([200, '']);
  });
});

describe('resumable uploads', () => {
  const start = async (more: Record<string, string> = {}) => {
    const headers = { 'x-goog-resumable': 'start', 'content-type': 'text/plain', ...more };
    const response = await fetch(signed({ method: 'POST', headers }), { method: 'POST', headers });
    return { status: response.status, url: String(response.headers.get('location')) };
  };

  it('a session takes parts without a further signature, and keeps what was signed at its start', async () => {
    const { status, url } = await start();
    expect(status).toBe(201);
    const bytes = randomBytes(300_000);
    const first = { 'content-range': 'bytes 0-262143/300000' };
    const part = await fetch(url, { method: 'PUT', headers: first, body: new Uint8Array(bytes.subarray(0, 262_144)) });
    expect([part.status, part.headers.get('range')]).toEqual([308, 'bytes=0-262143']);
    const rest = { 'content-range': 'bytes 262144-299999/300000' };
    expect(
      (await fetch(url, { method: 'PUT', headers: rest, body: new Uint8Array(bytes.subarray(262_144)) })).status,
    ).toBe(200);
    const get = await fetch(signed({ method: 'GET' }));
    expect(get.headers.get('content-type')).toBe('text/plain');
    expect(Buffer.from(await get.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('sizes and create-only hold for the session', async () => {
    const { url } = await start({ 'x-goog-content-length-range': '0,3' });
    expect(await outcome(fetch(url, { method: 'PUT', body: '1234' }))).toEqual([400, 'EntityTooLarge']);
    expect(await readdir(join(dir, 'uploads'))).toEqual([]);

    const createOnly = { 'x-goog-if-generation-match': '0' };
    const [one, two] = [await start(createOnly), await start(createOnly)];
    expect(await outcome(fetch(one.url, { method: 'PUT', body: 'one' }))).toEqual([200, '']);
    expect(await outcome(fetch(two.url, { method: 'PUT', body: 'two' }))).toEqual([412, 'PreconditionFailed']);
    expect((await start(createOnly)).status).toBe(412);
    expect(await stored()).toBe('one');
  });
});

describe('faults and origins', () => {
  it('faults are XML; a lost answer leaves the object', async () => {
    recorder.inject({ service: 'storage', method: 'upload', code: 'UNAVAILABLE', times: 1 });
    expect(await outcome(fetch(signed(), { method: 'PUT', body: 'x' }))).toEqual([503, 'ServiceUnavailable']);
    expect(await stored()).toBe('404');
    recorder.inject({ service: 'storage', method: 'upload', code: 'UNAVAILABLE', times: 1, lost: true });
    expect(await outcome(fetch(signed(), { method: 'PUT', body: 'x' }))).toEqual([503, 'ServiceUnavailable']);
    expect(await stored()).toBe('x');
  });

  it("a preflight answers by the bucket's rules", async () => {
    const ask = (origin: string, method: string) =>
      fetch(signed(), { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method } });
    const allowed = await ask('https://app.example', 'PUT');
    expect(allowed.status).toBe(200);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '60',
    });
    for (const refused of [await ask('https://evil.example', 'PUT'), await ask('https://app.example', 'DELETE')]) {
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([200, null]);
    }
    const headers = { origin: 'https://app.example' };
    const put = await fetch(signed(), { method: 'PUT', headers, body: 'x' });
    expect(put.headers.get('access-control-allow-origin')).toBe('https://app.example');
  });
});
