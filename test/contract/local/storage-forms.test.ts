import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock, type MovableClock } from '#local/clock.ts';
import { createRecorder } from '#local/recorder.ts';
import { type LocalStorage, startStorage } from '#local/storage/start.ts';
import { FILENAME_PLACEHOLDER } from '#shared/model/object-name.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const BUCKET = 'uploads';
const signer = createCaller('signer@p.iam.gserviceaccount.com', [['*', `projects/_/buckets/${BUCKET}`]]);
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let dir: string;
let clock: MovableClock;
let storage: LocalStorage;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'storage-test-'));
  clock = createMovableClock();
  storage = await startStorage({
    dir,
    clock,
    recorder: createRecorder(),
    callers: [signer],
    publicKey: (email) => (email === signer.email ? publicKey : undefined),
  });
  const rule = { origin: ['https://app.example'], method: ['POST'], responseHeader: [], maxAgeSeconds: 60 };
  storage.createBucket(BUCKET, { cors: [rule] });
});

afterAll(async () => {
  await storage.close();
  await rm(dir, { recursive: true });
});

type Condition = string[] | (string | number)[] | Record<string, string>;

/** Google's own client makes the policy, so that the stand-in is held to that. */
async function form(rest: { name?: string; fields?: Record<string, string>; conditions?: Condition[] } = {}) {
  const { name = 'a/file', fields = {}, conditions = [] } = rest;
  const google = new Storage({
    projectId: 'p',
    credentials: {
      client_email: signer.email,
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  });
  const [made] = await google
    .bucket(BUCKET)
    .file(name)
    .generateSignedPostPolicyV4({ expires: Date.now() + 600_000, conditions, fields });
  return made.fields;
}

/** @param change null takes a field away */
async function send(fields: Record<string, string>, file = 'hello', change: Record<string, string | null> = {}) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...change })) if (value !== null) data.append(name, value);
  data.append('file', new Blob([file], { type: 'image/png' }), 'on my disk.png');
  const headers = { origin: 'https://app.example' };
  const response = await fetch(`${storage.xmlUrl}/${BUCKET}/`, {
    method: 'POST',
    body: data,
    headers,
    redirect: 'manual',
  });
  const text = await response.text();
  return { status: response.status, code: /<Code>(\w+)<\/Code>/.exec(text)?.[1], headers: response.headers };
}

async function stored(name: string) {
  const file = new Storage({ projectId: 'p', apiEndpoint: storage.baseUrl(signer.email) }).bucket(BUCKET).file(name);
  const [[metadata], [bytes]] = await Promise.all([file.getMetadata(), file.download({ validation: false })]);
  return { contentType: metadata.contentType, text: bytes.toString() };
}

describe('a form with a policy', () => {
  it('is an upload, with the type of its field and not that of the file', async () => {
    const fields = await form({
      fields: { 'content-type': 'text/plain' },
      conditions: [['content-length-range', 1, 5]],
    });
    const reply = await send(fields);
    expect(reply.status).toBe(204);
    expect(reply.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(await stored('a/file')).toEqual({ contentType: 'text/plain', text: 'hello' });
  });

  it.each([
    ['', 1],
    ['hello!', 5],
  ])('refuses a file of another size than the range: %j', async (file, max) => {
    const fields = await form({ conditions: [['content-length-range', 1, max]] });
    expect(await send(fields, file)).toMatchObject({
      status: 400,
      code: file === '' ? 'EntityTooSmall' : 'EntityTooLarge',
    });
  });

  it.each([
    ['another key', { key: 'b/file' }, 'InvalidPolicyDocument'],
    ['another type', { 'content-type': 'text/html' }, 'InvalidPolicyDocument'],
    ['no type', { 'content-type': null }, 'InvalidPolicyDocument'],
    ['a field without a condition', { 'cache-control': 'public' }, 'InvalidPolicyDocument'],
    ['another signature', { 'x-goog-signature': '00'.repeat(256) }, 'SignatureDoesNotMatch'],
    ['no signature', { 'x-goog-signature': null }, 'MalformedSecurityHeader'],
    ['another algorithm', { 'x-goog-algorithm': 'GOOG4-HMAC-SHA256' }, 'MalformedSecurityHeader'],
    ['another day', { 'x-goog-date': '20200101T000000Z' }, 'MalformedSecurityHeader'],
    ['no policy', { policy: null }, 'AccessDenied'],
    [
      'another account',
      { 'x-goog-credential': 'a@b.example/20260101/auto/storage/goog4_request', 'x-goog-date': '20260101T000000Z' },
      'InvalidSecurity',
    ],
  ])('refuses %s', async (_, change, code) => {
    const fields = await form({ fields: { 'content-type': 'text/plain' } });
    const reply = await send(fields, 'hello', change);
    expect([reply.code, reply.headers.get('access-control-allow-origin')]).toEqual([code, 'https://app.example']);
  });

  it('lets fields through that the policy need not know, and those that begin as it says', async () => {
    const conditions = [['starts-with', '$x-goog-meta-who', 'user-']];
    const fields = await form({ name: 'b/file', conditions });
    const change = { 'x-ignore-this': 'x', 'x-goog-meta-who': 'user-7' };
    expect((await send(fields, 'hello', change)).status).toBe(204);
    expect((await send(fields, 'hello', { ...change, 'x-goog-meta-who': 'admin' })).code).toBe('InvalidPolicyDocument');
  });

  it.each([
    ['200', 200],
    ['201', 201],
    ['418', 204],
  ])('answers with the status that was asked for: %s', async (asked, status) => {
    expect((await send(await form({ fields: { success_action_status: asked } }))).status).toBe(status);
  });

  it('redirects', async () => {
    const fields = await form({ name: 'c/file', fields: { success_action_redirect: 'https://app.example/done?a=1' } });
    const reply = await send(fields);
    const location = new URL(reply.headers.get('location') ?? '');
    expect([reply.status, location.searchParams.get('a'), location.searchParams.get('key')]).toEqual([
      303,
      '1',
      'c/file',
    ]);
  });

  it('puts the name of the file into a key that asks for it', async () => {
    expect((await send(await form({ name: `d/${FILENAME_PLACEHOLDER}` }))).status).toBe(204);
    expect((await stored('d/on my disk.png')).text).toBe('hello');
  });

  it('has expired after its time', async () => {
    const fields = await form();
    clock.advance(601);
    expect((await send(fields)).code).toBe('ExpiredToken');
  });

  it.each([
    ['no file', '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n--x--\r\n'],
    ['no end', '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na'],
    ['a part without a name', '--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n'],
    ['nothing', ''],
  ])('is malformed with %s', async (_, body) => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const response = await fetch(`${storage.xmlUrl}/${BUCKET}/`, { method: 'POST', headers, body });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('InvalidArgument')]);
  });
});
