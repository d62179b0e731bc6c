import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { IncomingMessage, request, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { signedUrls } from '#functions/signed-urls/index.ts';
import { listen, shut } from '#local/listen.ts';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

const ONE = '/signed-url';
const BATCH = '/api/v1/signed-urls';

const suite = useSuite();
let directory: string;
beforeAll(async () => {
  directory = await scratch();
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Answer {
  readonly url: string;
  readonly method: string;
  readonly blob_name: string;
  readonly expires_at: string;
  readonly headers: Readonly<Record<string, string>>;
}

let made = 0;
const fresh = () => `folder/file-${++made}.txt`;
const upload = (rest = {}) => ({ filename: fresh(), content_type: 'text/plain', ...rest });
const signBlobs = () => suite.stack.recorder.calls()['iam.SignBlob'] ?? 0;

async function ask(wish: object, token = 'member'): Promise<Answer> {
  const { status, body, text } = await suite.post(ONE, wish, token);
  if (status !== 200) throw new Error(text);
  return body;
}

/** What a program gets when it does with an answer what the answer says. The Code of the XML when it is refused. */
async function follow(answer: Answer, body?: string | Uint8Array) {
  const { status, location = '', content } = await (has('curl') ? curl(answer, body) : plainHttp(answer, body));
  return { status, content, location, code: /<Code>(\w+)<\/Code>/.exec(content)?.[1] };
}

interface Followed {
  readonly status: number;
  readonly location: string | undefined;
  readonly content: string;
}

async function curl({ url, method, headers }: Answer, body?: string | Uint8Array): Promise<Followed> {
  const file = join(directory, `body-${randomBytes(4).toString('hex')}`);
  if (body !== undefined) await writeFile(file, body);
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--include', '--request', method],
    ...Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`]),
    ...(body === undefined ? [] : ['--data-binary', `@${file}`]),
    url,
  ]);
  const [head = '', content = ''] = stdout.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  return { status, content, location: /^location: (.*)$/im.exec(head)?.[1]?.trim() };
}

/** Where there is no curl. */
async function plainHttp({ url, method, headers }: Answer, body?: string | Uint8Array): Promise<Followed> {
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const outgoing = request(url, { method, headers: { ...headers, ...length }, agent: false }).end(body);
  const [incoming] = z.tuple([z.instanceof(IncomingMessage)]).parse(await once(outgoing, 'response'));
  return { status: incoming.statusCode ?? 0, location: incoming.headers.location, content: await text(incoming) };
}

/** What is stored, as the administrator sees it. */
async function stored(name: string): Promise<string | undefined> {
  const { storage, project } = suite.stack;
  const response = await fetch(
    `${storage}/storage/v1/b/${project.uploadBucket}/o/${encodeURIComponent(name)}?alt=media`,
  );
  return response.ok ? response.text() : undefined;
}

const flipped = ({ url }: Answer) => url.replace(/.$/, (digit) => (Number.parseInt(digit, 16) ^ 1).toString(16));

describe.skipIf(!has('curl'))('curl, with the answer as it stands', () => {
  test('uploads and downloads', async () => {
    const answer = await ask(upload({ filename: 'a b/ü?&#+%.txt' }));
    expect((await follow(answer, 'hello')).status).toBe(200);
    expect(answer.blob_name).toBe('demo/a b/ü?&#+%.txt');
    expect(await stored('demo/a b/ü?&#+%.txt')).toBe('hello');

    const down = await ask({ filename: 'a b/ü?&#+%.txt', method: 'GET' }, 'guest');
    expect(await follow(down)).toMatchObject({ status: 200, content: 'hello' });
  });

  test('uploads within every bound there is', async () => {
    const content_md5 = createHash('md5').update('hello').digest('base64');
    const answer = await ask(upload({ max_bytes: 5, content_md5, create_only: true }));
    expect((await follow(answer, 'hello')).status).toBe(200);
    expect(await stored(answer.blob_name)).toBe('hello');
  });

  test('starts an upload and continues it', async () => {
    const answer = await ask(upload({ method: 'RESUMABLE', max_bytes: 10 }));
    const { status, location } = await follow(answer, '');
    expect(status).toBe(201);
    expect(await follow({ ...answer, method: 'PUT', headers: {}, url: location }, 'in pieces')).toMatchObject({
      status: 200,
    });
    expect(await stored(answer.blob_name)).toBe('in pieces');
  });

  test('keeps a name in NFC and in NFD apart', async () => {
    const names = { NFC: 'caf\u00e9', NFD: 'cafe\u0301' };
    for (const [form, filename] of Object.entries(names)) await follow(await ask(upload({ filename })), form);
    expect(await stored(`demo/${names.NFC}`)).toBe('NFC');
    expect(await stored(`demo/${names.NFD}`)).toBe('NFD');
  });
});

describe('Cloud Storage refuses', () => {
  const replaced = (answer: Answer, name: string, value: string) => ({
    ...answer,
    headers: { ...answer.headers, [name]: value },
  });
  const without = (answer: Answer, unwanted: string) => ({
    ...answer,
    headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== unwanted)),
  });
  const RANGE = 'x-goog-content-length-range';

  const cases: [string, (answer: Answer) => Answer, string, number, string][] = [
    ['another type', (a) => replaced(a, 'Content-Type', 'text/html'), 'hello', 403, 'SignatureDoesNotMatch'],
    ['one byte too many', (a) => a, 'hello!', 400, 'EntityTooLarge'],
    ['a larger bound', (a) => replaced(a, RANGE, '0,6'), 'hello!', 403, 'SignatureDoesNotMatch'],
    ['no bound', (a) => without(a, RANGE), 'hello!', 400, 'MalformedSecurityHeader'],
    [
      'another object',
      (a) => ({ ...a, url: a.url.replace('/file-', '/life-') }),
      'hello',
      403,
      'SignatureDoesNotMatch',
    ],
    [
      "another tenant's object",
      (a) => ({ ...a, url: a.url.replace('/demo/', '/other/') }),
      'hello',
      403,
      'SignatureDoesNotMatch',
    ],
    ['another method', (a) => ({ ...a, method: 'DELETE' }), '', 403, 'SignatureDoesNotMatch'],
    ['a download', (a) => ({ ...a, method: 'GET' }), '', 403, 'SignatureDoesNotMatch'],
    ['a flipped bit', (a) => ({ ...a, url: flipped(a) }), 'hello', 403, 'SignatureDoesNotMatch'],
    ['a header more', (a) => replaced(a, 'x-goog-acl', 'public-read'), 'hello', 400, 'MalformedSecurityHeader'],
    ['other content', (a) => a, 'jello', 400, 'BadDigest'],
  ];

  test.each(cases)('%s', async (_, change, body, status, code) => {
    const content_md5 = createHash('md5').update('hello').digest('base64');
    const answer = await ask(upload({ max_bytes: 5, ...(code === 'BadDigest' ? { content_md5 } : {}) }));
    expect(await follow(change(answer), body)).toMatchObject({ status, code });
    expect(await stored(answer.blob_name)).toBeUndefined();
    // The URL itself was good: what was refused is the change.
    expect((await follow(answer, 'hello')).status).toBe(200);
  });

  test('a second upload of what may only be created', async () => {
    const answer = await ask(upload({ create_only: true }));
    expect((await follow(answer, 'first')).status).toBe(200);
    expect(await follow(answer, 'second')).toMatchObject({ status: 412, code: 'PreconditionFailed' });
    expect(await stored(answer.blob_name)).toBe('first');
  });

  test('too much in a resumable upload', async () => {
    const answer = await ask(upload({ method: 'RESUMABLE', max_bytes: 5 }));
    const { location } = await follow(answer, '');
    const session = { ...answer, method: 'PUT', headers: {}, url: location };
    expect(await follow(session, 'hello!')).toMatchObject({ status: 400, code: 'EntityTooLarge' });
    expect(await stored(answer.blob_name)).toBeUndefined();
  });

  test('an upload with an expired URL, and not a moment earlier', async () => {
    const answer = await ask(upload({ expires_minutes: 720 }));
    const left = Date.parse(answer.expires_at) - suite.stack.clock.now();
    suite.stack.clock.advance(Math.floor(left / 1000) - 60);
    expect((await follow(answer, 'in time')).status).toBe(200);
    suite.stack.clock.advance(61);
    expect(await follow(answer, 'too late')).toMatchObject({ status: 400, code: 'ExpiredToken' });
    expect(await stored(answer.blob_name)).toBe('in time');
  });
});

describe('who may', () => {
  const download = () => ({ filename: fresh(), method: 'GET' });
  const cases: [string, string | undefined, object, number, string][] = [
    ['nobody', undefined, upload(), 401, 'unauthenticated'],
    ['a scheduler', 'scheduler', upload({ tenant_id: 'demo' }), 403, 'forbidden'],
    ["somebody's service", 'foreign_service', upload({ tenant_id: 'demo' }), 403, 'forbidden'],
    ['an owner', 'owner', upload(), 200, 'demo/'],
    ['an admin', 'admin', upload({ method: 'RESUMABLE' }), 200, 'demo/'],
    ['a member', 'member', upload(), 200, 'demo/'],
    ['a guest', 'guest', download(), 200, 'demo/'],
    ['a guest who uploads', 'guest', upload(), 403, 'forbidden'],
    ['a guest who starts an upload', 'guest', upload({ method: 'RESUMABLE' }), 403, 'forbidden'],
    ['an owner who names the own tenant', 'owner', upload({ tenant_id: 'demo' }), 200, 'demo/'],
    ["an owner who names another's", 'owner', upload({ tenant_id: 'other' }), 404, 'not_found'],
    ['the owner of another', 'other_tenant_owner', upload(), 200, 'other/'],
    ['a service', 'service', upload({ tenant_id: 'any_Tenant-1' }), 200, 'any_Tenant-1/'],
    ['a service that names no tenant', 'service', upload(), 400, 'tenant_id'],
    ['a service that names no possible one', 'service', upload({ tenant_id: '../demo' }), 400, 'tenant_id'],
    ['staff', 'staff', upload({ tenant_id: 'demo' }), 200, 'demo/'],
    ['staff without a tenant', 'staff', download(), 400, 'tenant_id'],
  ];

  test.each(cases)('%s', async (_, token, wish, status, expected) => {
    const { body, ...reply } = await suite.post(ONE, wish, token);
    expect(reply.status).toBe(status);
    if (status === 200) expect(body.blob_name.slice(0, expected.length)).toBe(expected);
    else expect(status === 400 ? body.errors[0].path : body.code).toBe(expected);
  });

  test('is asked of each request in a batch', async () => {
    const { status, body } = await suite.post(BATCH, { requests: [download(), upload(), download()] }, 'guest');
    expect(status).toBe(200);
    expect(body.results.map(({ code }: { code?: string }) => code)).toEqual([undefined, 'forbidden', undefined]);
  });
});

describe('a request that does not fit', () => {
  const cases: [string, string, unknown][] = [
    ['a dot segment', 'filename', upload({ filename: 'a/./b' })],
    ['a way up', 'filename', upload({ filename: '../other/b' })],
    ['an empty segment', 'filename', upload({ filename: 'a//b' })],
    ['a control character', 'filename', upload({ filename: 'a\u0007b' })],
    ['a lone surrogate', 'filename', upload({ filename: 'a\ud800' })],
    ['a name too long', 'filename', upload({ filename: 'é'.repeat(451) })],
    ['CR LF in the type', 'content_type', upload({ content_type: 'text/plain\r\nx: y' })],
    ['0 minutes', 'expires_minutes', upload({ expires_minutes: 0 })],
    ['721 minutes', 'expires_minutes', upload({ expires_minutes: 721 })],
  ];

  test.each(cases)('%s: 400, naming it, and nothing is signed', async (_, path, wish) => {
    const before = signBlobs();
    const { status, body } = await suite.post(ONE, wish, 'member');
    expect([status, body.code, body.errors.map((error: { path: string }) => error.path)]).toEqual([
      400,
      'invalid_request',
      [path],
    ]);
    expect(signBlobs()).toBe(before);
  });

  test('the longest name there may be', async () => {
    const answer = await ask(upload({ filename: 'é'.repeat(450) }));
    expect((await follow(answer, 'hello')).status).toBe(200);
    expect(await stored(`demo/${'é'.repeat(450)}`)).toBe('hello');
  });
});

describe('a batch', () => {
  test('of a hundred is answered in order, with a signature each that is good', async () => {
    const requests = Array.from({ length: 100 }, () => upload());
    const before = signBlobs();
    const { status, body } = await suite.post(BATCH, { requests }, 'member');
    expect(status).toBe(200);
    expect(body.results.map(({ blob_name }: Answer) => blob_name)).toEqual(requests.map((r) => `demo/${r.filename}`));
    expect(signBlobs() - before).toBe(100);
    const last: Answer = body.results[99];
    expect((await follow(last, 'the last')).status).toBe(200);
    expect(await stored(last.blob_name)).toBe('the last');
  });

  test('of none, or of more than a hundred, is refused', async () => {
    for (const requests of [[], Array.from({ length: 101 }, () => upload())]) {
      const { status, body } = await suite.post(BATCH, { requests }, 'member');
      expect([status, body.errors[0].path]).toEqual([400, 'requests']);
    }
  });

  test('of a hundred of the longest names is not too large', async () => {
    const filename = (index: number) => `${String(index).padStart(3, '0')}${'é'.repeat(448)}`;
    const requests = Array.from({ length: 100 }, (_, index) => upload({ filename: filename(index) }));
    const escaped = JSON.stringify({ requests }).replace(/é/g, '\\u00e9');
    const { status, body } = await suite.send('POST', BATCH, escaped, 'member');
    expect([status, body.results.filter(({ url }: Partial<Answer>) => url !== undefined).length]).toEqual([200, 100]);
  });

  test('loses what cannot be signed, and nothing else', async () => {
    suite.stack.recorder.inject({ service: 'iam', method: 'SignBlob', code: 'PERMISSION_DENIED', times: 2 });
    const requests = Array.from({ length: 10 }, () => upload());
    const { status, body } = await suite.post(BATCH, { requests }, 'member');
    expect(status).toBe(200);
    const codes = body.results.map(({ code }: { code?: string }) => code ?? 'signed').sort();
    expect(codes).toEqual([...Array(2).fill('dependency_unavailable'), ...Array(8).fill('signed')]);
  });
});

describe('SignBlob', () => {
  test('is asked again when it was away', async () => {
    suite.stack.recorder.inject({ service: 'iam', method: 'SignBlob', code: 'UNAVAILABLE', times: 2 });
    const before = signBlobs();
    expect((await follow(await ask(upload()), 'hello')).status).toBe(200);
    expect(signBlobs() - before).toBe(3);
  });

  test('that stays away is a 503 that says when to come back', async () => {
    suite.stack.recorder.inject({ service: 'iam', method: 'SignBlob', code: 'UNAVAILABLE' });
    const { status, body, headers, text } = await suite.post(ONE, upload(), 'member');
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'dependency_unavailable', '2']);
    expect(text).not.toContain('injected');
  });

  test('leaves no signature in the log', async () => {
    const { url } = await ask(upload());
    const signature = url.slice(url.indexOf('X-Goog-Signature=') + 'X-Goog-Signature='.length);
    expect(signature).toMatch(/^[0-9a-f]{512}$/);
    expect(suite.log.length).toBeGreaterThan(0);
    expect(suite.log.filter((line) => line.includes('X-Goog-') || line.includes(signature))).toEqual([]);
  });
});

describe('an instance that allows little', () => {
  let server: Server;
  let origin: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const settings = { ALLOWED_CONTENT_TYPES: 'image/*, application/pdf', MAX_UPLOAD_BYTES: '5' };
    const instance = signedUrls.create(
      { ...suite.stack.environment('signed-urls'), ...settings },
      suite.stack.clock,
      () => undefined,
    );
    ({ server, close } = instance);
    origin = `http://127.0.0.1:${await listen(server)}`;
  });
  afterAll(async () => {
    await shut(server);
    await close();
  });

  const post = async (wish: object) => {
    const response = await fetch(`${origin}${ONE}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${suite.tokens['member']}` },
      body: JSON.stringify(wish),
    });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };

  test('signs the largest size into every upload', async () => {
    const { body } = await post(upload({ content_type: 'image/png' }));
    expect(body.headers).toMatchObject({ 'Content-Type': 'image/png', 'x-goog-content-length-range': '0,5' });
    expect(await follow(body, 'hello!')).toMatchObject({ status: 400, code: 'EntityTooLarge' });
    expect((await follow(body, 'hello')).status).toBe(200);
  });

  test.each([
    ['max_bytes', { content_type: 'image/png', max_bytes: 6 }],
    ['content_type', { content_type: 'text/html' }],
  ])('refuses more, naming %s', async (path, rest) => {
    const { status, body } = await post(upload(rest));
    expect([status, body.errors[0].path]).toEqual([400, path]);
  });

  test.each([
    ['ALLOWED_CONTENT_TYPES', 'image'],
    ['ALLOWED_CONTENT_TYPES', '*/png'],
    ['MAX_UPLOAD_BYTES', '0'],
    ['MAX_UPLOAD_BYTES', 'many'],
    ['SIGNING_ACCOUNT', 'signer'],
    ['STORAGE_URL_ORIGIN', 'http://127.0.0.1:1/path'],
  ])('does not start with %s=%s', (name, value) => {
    const env = { ...suite.stack.environment('signed-urls'), [name]: value };
    expect(() => signedUrls.create(env, suite.stack.clock)).toThrow(name);
  });
});
