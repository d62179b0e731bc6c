import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bucket, Storage } from '@google-cloud/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { type LocalStorage, startStorage } from '#local/storage/start.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const BUCKET = 'payloads';
const ON_BUCKET = `projects/_/buckets/${BUCKET}`;
const grant = (...names: string[]) => names.map((name) => [`storage.${name}`, ON_BUCKET] as const);

const admin = createCaller('admin@p.iam.gserviceaccount.com', [['*', '*']]);
const sealer = createCaller(
  'sealer@p.iam.gserviceaccount.com',
  grant('objects.create', 'objects.list', 'objects.delete'),
);
const creator = createCaller('creator@p.iam.gserviceaccount.com', grant('objects.create', 'objects.list'));
const worker = createCaller('worker@p.iam.gserviceaccount.com', grant('objects.get', 'objects.delete'));
const nobody = createCaller('nobody@p.iam.gserviceaccount.com', []);

let dir: string;
let recorder: Recorder;
let storage: LocalStorage;

const clock = createMovableClock();

/** The real client, as one account; it repeats nothing unless told to. */
function bucketAs({ email } = admin, autoRetry = false): Bucket {
  const retryOptions = { autoRetry, maxRetries: 3, retryDelayMultiplier: 1, maxRetryDelay: 1 };
  return new Storage({ apiEndpoint: storage.baseUrl(email), projectId: 'p', retryOptions }).bucket(BUCKET);
}

const failure = async (promise: Promise<unknown>): Promise<Record<string, unknown>> =>
  promise.then(
    () => ({ code: 'it succeeded' }),
    (error: unknown) => ({ ...Object(error), message: String(Object(error).message) }),
  );

const crc = (base64: string) => ({ crc32c: base64 });
const filesOnDisk = async () =>
  (await readdir(dir, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'storage-test-'));
  recorder = createRecorder();
  const callers = [admin, sealer, creator, worker, nobody];
  storage = await startStorage({ dir, clock, recorder, callers, publicKey: () => undefined });
  storage.createBucket(BUCKET, {
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 30 } }] },
    softDeletePolicy: { retentionDurationSeconds: '0' },
  });
});

afterEach(async () => {
  await storage.close();
  await rm(dir, { recursive: true });
});

describe('uploads and downloads of the client', () => {
  it.each([
    ['multipart', { resumable: false }],
    ['resumable', { resumable: true }],
    ['resumable in chunks', { resumable: true, chunkSize: 256 * 1024 }],
  ])('%s: what went in comes out, with its checksums', async (_, options) => {
    const bytes = randomBytes(1_000_003);
    const file = bucketAs().file('a folder/ä?&#.bin');
    await file.save(bytes, { ...options, contentType: 'application/x-test', validation: 'crc32c' });

    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({
      name: 'a folder/ä?&#.bin',
      bucket: BUCKET,
      size: '1000003',
      contentType: 'application/x-test',
      metageneration: '1',
      md5Hash: createHash('md5').update(bytes).digest('base64'),
    });
    expect((await file.download({ validation: 'crc32c' }))[0].equals(bytes)).toBe(true);
    expect((await file.download({ validation: 'md5' }))[0].equals(bytes)).toBe(true);
  });

  it.each([
    ['multipart', { resumable: false }],
    ['resumable', { resumable: true }],
  ])('%s: an empty object', async (_, options) => {
    const file = bucketAs().file('empty');
    await file.save(Buffer.alloc(0), options);
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({ size: '0', crc32c: 'AAAAAA==', md5Hash: '1B2M2Y8AsgTpgAmY7PhCfg==' });
    expect((await file.download())[0].length).toBe(0);
  });

  it('knows the check value of CRC32C', async () => {
    const file = bucketAs().file('check');
    await file.save('123456789', { resumable: false });
    expect((await file.getMetadata())[0]).toMatchObject(crc('4waSgw=='));
  });

  it.each([
    [{ start: 0, end: 0 }, '0'],
    [{ start: 3, end: 5 }, '345'],
    [{ start: 7 }, '789'],
    [{ end: -2 }, '89'],
    [{ start: 8, end: 99 }, '89'],
  ])('range %j', async (range, expected) => {
    const file = bucketAs().file('digits');
    await file.save('0123456789', { resumable: false });
    expect((await file.download({ ...range, validation: false }))[0].toString()).toBe(expected);
  });

  it('416 for a range beyond the end', async () => {
    const file = bucketAs().file('digits');
    await file.save('0123456789', { resumable: false });
    expect(await failure(file.download({ start: 10, validation: false }))).toMatchObject({ code: 416 });
  });

  it('404 as a bare sentence where bytes are asked for, as a document elsewhere', async () => {
    const file = bucketAs().file('absent');
    expect(await failure(file.download())).toMatchObject({ code: 404, message: 'No such object: payloads/absent' });
    expect(await failure(file.getMetadata())).toMatchObject({
      code: 404,
      errors: [{ domain: 'global', reason: 'notFound', message: 'No such object: payloads/absent' }],
    });
    expect(await file.exists()).toEqual([false]);
  });

  it('refuses bytes that differ from the checksums given, and keeps none of them', async () => {
    const file = bucketAs().file('damaged');
    for (const metadata of [crc('AAAAAA=='), { md5Hash: '1B2M2Y8AsgTpgAmY7PhCfg==' }]) {
      for (const resumable of [false, true]) {
        const refused = await failure(file.save('something', { resumable, metadata, validation: false }));
        expect(JSON.stringify(refused)).toContain('"reason":"invalid"');
        expect(JSON.stringify(refused)).toContain("doesn't match calculated");
      }
    }
    expect(await filesOnDisk()).toEqual([]);
  });
});

describe('metadata', () => {
  it('custom metadata is kept, merged and taken away, and counts metagenerations', async () => {
    const file = bucketAs().file('meta');
    await file.save('x', {
      resumable: false,
      metadata: { metadata: { task: 't1', keep: 'me' }, cacheControl: 'no-store' },
    });
    const [patched] = await file.setMetadata({ metadata: { task: null, new: 'one' }, contentType: 'text/plain' });
    expect(patched).toMatchObject({ metageneration: '2', contentType: 'text/plain', cacheControl: 'no-store' });
    expect((await file.getMetadata())[0].metadata).toEqual({ keep: 'me', new: 'one' });
  });

  it("the bucket's settings are kept as given", async () => {
    const [metadata] = await bucketAs().getMetadata();
    expect(metadata).toMatchObject({
      name: BUCKET,
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: 30 } }] },
      softDeletePolicy: { retentionDurationSeconds: '0' },
    });
  });

  it('buckets are created over HTTP too, once', async () => {
    const client = new Storage({ apiEndpoint: storage.baseUrl(admin.email), projectId: 'p' });
    await client.createBucket('another', { location: 'EU' });
    expect((await client.bucket('another').getMetadata())[0]).toMatchObject({ location: 'EU' });
    expect(await failure(client.createBucket('another'))).toMatchObject({ code: 409 });
    expect(await failure(client.bucket('a-third').getMetadata())).toMatchObject({ code: 404 });
  });

  it('times are those of the clock', async () => {
    const file = bucketAs().file('later');
    clock.advance(10 * 24 * 3600);
    await file.save('x', { resumable: false });
    const created = Date.parse(String((await file.getMetadata())[0].timeCreated));
    expect(Math.abs(created - clock.now())).toBeLessThan(10_000);
  });
});

describe('preconditions', () => {
  const reason = { code: 412, errors: [{ reason: 'conditionNotMet' }] };

  it.each([false, true])('create-only succeeds once (resumable: %s)', async (resumable) => {
    const file = bucketAs().file('once');
    const preconditionOpts = { ifGenerationMatch: 0 };
    await file.save('first', { resumable, preconditionOpts });
    expect(await failure(file.save('second', { resumable, preconditionOpts }))).toMatchObject({ code: 412 });
    expect((await file.download())[0].toString()).toBe('first');
  });

  it('of many create-only uploads at once exactly one succeeds', async () => {
    const attempts = Array.from({ length: 20 }, (_, i) =>
      failure(
        bucketAs()
          .file('race')
          .save(`${i}`, { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }),
      ),
    );
    const codes = (await Promise.all(attempts)).map(({ code }) => code);
    expect(codes.filter((code) => code === 'it succeeded')).toHaveLength(1);
    expect(codes.filter((code) => code === 412)).toHaveLength(19);
    expect(await filesOnDisk()).toHaveLength(1);
  });

  it('every overwrite is a newer generation, and the older is gone', async () => {
    const file = bucketAs().file('twice');
    await file.save('one', { resumable: false });
    const first = Number((await file.getMetadata())[0].generation);
    await file.save('two', { resumable: false });
    const second = Number((await file.getMetadata())[0].generation);
    expect(second).toBeGreaterThan(first);
    expect(await failure(file.delete({ ifGenerationMatch: first }))).toMatchObject(reason);
    expect(await failure(bucketAs().file('twice', { generation: first }).download())).toMatchObject({ code: 404 });
    await file.delete({ ifGenerationMatch: second });
    expect(await failure(file.delete({ ifGenerationMatch: second }))).toMatchObject({ code: 404 });
    expect(await filesOnDisk()).toEqual([]);
  });

  it('metageneration guards a patch', async () => {
    const file = bucketAs().file('patched');
    await file.save('x', { resumable: false });
    await file.setMetadata({ metadata: { a: '1' } }, { ifMetagenerationMatch: 1 });
    expect(await failure(file.setMetadata({ metadata: { a: '2' } }, { ifMetagenerationMatch: 1 }))).toMatchObject(
      reason,
    );
  });

  it('a read of the version the caller has is 304', async () => {
    const file = bucketAs().file('known');
    await file.save('x', { resumable: false });
    const { generation } = (await file.getMetadata())[0];
    const url = `${storage.baseUrl(admin.email)}/storage/v1/b/${BUCKET}/o/known`;
    expect((await fetch(`${url}?ifGenerationNotMatch=${generation}`)).status).toBe(304);
    expect((await fetch(`${url}?ifGenerationNotMatch=1`)).status).toBe(200);
    expect((await fetch(`${url}?ifGenerationMatch=1`)).status).toBe(412);
    expect((await fetch(`${url}?ifGenerationMatch=one`)).status).toBe(400);
  });
});

describe('lists', () => {
  const names = ['a', 'b/1', 'b/2', 'b/c/3', 'd', '\u{10000}', '\uffee'];

  beforeEach(async () => {
    for (const name of names) await bucketAs().file(name).save(name, { resumable: false });
  });

  it('pages in the order of UTF-8 bytes', async () => {
    const seen: string[] = [];
    let query: object | null = { maxResults: 2, autoPaginate: false };
    while (query !== null) {
      const [files, next]: [{ name: string }[], object | null, ...unknown[]] = await bucketAs().getFiles(query);
      seen.push(...files.map(({ name }) => name));
      query = next;
    }
    expect(seen).toEqual(['a', 'b/1', 'b/2', 'b/c/3', 'd', '\uffee', '\u{10000}']);
    expect(recorder.calls()['storage.list']).toBe(4);
  });

  it('folds what follows a delimiter, page by page', async () => {
    const query = { delimiter: '/', maxResults: 2, autoPaginate: false };
    const [files, next, response] = await bucketAs().getFiles(query);
    expect(files.map(({ name }) => name)).toEqual(['a']);
    expect(response).toMatchObject({ prefixes: ['b/'] });
    const [rest] = await bucketAs().getFiles({ ...query, ...next });
    expect(rest.map(({ name }) => name)).toEqual(['d', '\uffee']);
  });

  it('prefix and offsets', async () => {
    const [inB] = await bucketAs().getFiles({ prefix: 'b/', startOffset: 'b/2', endOffset: 'b/c/3' });
    expect(inB.map(({ name }) => name)).toEqual(['b/2']);
  });

  it('what is not built is refused, not passed over', async () => {
    expect(await failure(bucketAs().getFiles({ versions: true }))).toMatchObject({ code: 501 });
  });
});

describe('rights', () => {
  const denied = (email: string, permission: string, what: string) => ({
    code: 403,
    message: `${email} does not have ${permission} access to the Google Cloud Storage ${what}. Permission '${permission}' denied on resource (or it may not exist).`,
  });

  it('the sealing account creates, lists and deletes, and reads nothing', async () => {
    const file = bucketAs(sealer).file('task');
    await file.save('sealed', { resumable: false });
    expect(await failure(file.download())).toMatchObject(denied(sealer.email, 'storage.objects.get', 'object'));
    expect(await failure(file.getMetadata())).toMatchObject(denied(sealer.email, 'storage.objects.get', 'object'));
    expect((await bucketAs(sealer).getFiles())[0]).toHaveLength(1);
    await file.delete();
  });

  it("the worker's account reads and deletes, and neither creates, lists nor updates", async () => {
    await bucketAs().file('task').save('sealed', { resumable: false });
    const file = bucketAs(worker).file('task');
    expect((await file.download())[0].toString()).toBe('sealed');
    const create = denied(worker.email, 'storage.objects.create', 'object');
    expect(await failure(file.save('x', { resumable: false }))).toMatchObject(create);
    expect(await failure(file.save('x', { resumable: true }))).toMatchObject({ status: 403 });
    expect(await failure(bucketAs(worker).getFiles())).toMatchObject(
      denied(worker.email, 'storage.objects.list', 'bucket'),
    );
    const update = denied(worker.email, 'storage.objects.update', 'object');
    expect(await failure(file.setMetadata({ contentType: 'x/y' }))).toMatchObject(update);
    await file.delete();
  });

  it('absence is told only to who may list', async () => {
    expect(await failure(bucketAs(worker).file('absent').download())).toMatchObject({ code: 403 });
    expect(await failure(bucketAs(sealer).file('absent').delete())).toMatchObject({ code: 404 });
  });

  it('overwriting takes the right to delete, and a failed create-only is 412 before that', async () => {
    const file = bucketAs(creator).file('task');
    await file.save('one', { resumable: false });
    const noDelete = denied(creator.email, 'storage.objects.delete', 'object');
    expect(await failure(file.save('two', { resumable: false }))).toMatchObject(noDelete);
    const createOnly = file.save('two', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } });
    expect(await failure(createOnly)).toMatchObject({ code: 412 });
    expect((await bucketAs().file('task').download())[0].toString()).toBe('one');
  });

  it('without rights there is nothing at all', async () => {
    expect(await failure(bucketAs(nobody).getMetadata())).toMatchObject(
      denied(nobody.email, 'storage.buckets.get', 'bucket'),
    );
    expect(await failure(bucketAs(nobody).file('x').download())).toMatchObject({ code: 403 });
  });
});

describe('resumable sessions', () => {
  const QUANTUM = 256 * 1024;

  async function session(name: string): Promise<string> {
    const url = `${storage.baseUrl(admin.email)}/upload/storage/v1/b/${BUCKET}/o?uploadType=resumable&name=${name}`;
    const response = await fetch(url, { method: 'POST', body: '{}' });
    expect(response.status).toBe(200);
    return String(response.headers.get('location'));
  }

  async function put(url: string, range: string | undefined, body: Buffer = Buffer.alloc(0)) {
    const headers = range === undefined ? {} : { 'content-range': range };
    const response = await fetch(url, { method: 'PUT', body: new Uint8Array(body), headers, redirect: 'manual' });
    return { status: response.status, range: response.headers.get('range') };
  }

  it('keeps whole quanta, tells how far it is, and completes with the last part', async () => {
    const bytes = randomBytes(2 * QUANTUM + 10);
    const url = await session('parts');
    expect(await put(url, 'bytes */*')).toEqual({ status: 308, range: null });
    expect(await put(url, `bytes 0-${QUANTUM + 4}/*`, bytes.subarray(0, QUANTUM + 5))).toEqual({
      status: 308,
      range: `bytes=0-${QUANTUM - 1}`,
    });
    expect(await put(url, `bytes */${bytes.length}`)).toEqual({ status: 308, range: `bytes=0-${QUANTUM - 1}` });
    // Bytes sent twice are taken once.
    expect((await put(url, `bytes 10-${bytes.length - 1}/${bytes.length}`, bytes.subarray(10))).status).toBe(200);
    expect((await put(url, `bytes */${bytes.length}`)).status).toBe(200);
    expect((await bucketAs().file('parts').download())[0].equals(bytes)).toBe(true);
  });

  it('refuses a gap, an unreadable range, an unknown and a cancelled session, and one a week old', async () => {
    const url = await session('gap');
    expect((await put(url, 'bytes 5-9/10', Buffer.alloc(5))).status).toBe(400);
    expect((await put(url, 'bytes five-9/10', Buffer.alloc(5))).status).toBe(400);
    expect((await put(`${url}x`, 'bytes */*')).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(499);
    expect((await put(url, 'bytes */*')).status).toBe(499);
    const old = await session('old');
    clock.advance(7 * 24 * 3600 + 1);
    expect((await put(old, 'bytes */*')).status).toBe(410);
  });

  it('the client goes on after a chunk whose answer was lost', async () => {
    const bytes = randomBytes(3 * QUANTUM + 1);
    recorder.inject({ service: 'storage', method: 'chunk', code: 'UNAVAILABLE', times: 1, lost: true });
    const file = bucketAs(admin, true).file('resumed');
    await file.save(bytes, { resumable: true, chunkSize: QUANTUM, preconditionOpts: { ifGenerationMatch: 0 } });
    expect((await file.download())[0].equals(bytes)).toBe(true);
    expect(recorder.calls()).toMatchObject({ 'storage.status': 1, 'storage.chunk': 4, 'storage.resumable': 1 });
  });
});

describe('faults', () => {
  it.each([
    ['UNAVAILABLE', 503, 'backendError'],
    ['DEADLINE_EXCEEDED', 504, 'backendError'],
    ['INTERNAL', 500, 'internalError'],
    ['RESOURCE_EXHAUSTED', 429, 'rateLimitExceeded'],
    ['ABORTED', 409, 'conflict'],
    ['PERMISSION_DENIED', 403, 'forbidden'],
    ['NOT_FOUND', 404, 'notFound'],
    ['FAILED_PRECONDITION', 412, 'conditionNotMet'],
  ])('%s is %i', async (code, status, reason) => {
    recorder.inject({ service: 'storage', method: 'insert', code, times: 1 });
    const file = bucketAs().file('faulty');
    expect(await failure(file.save('x', { resumable: false }))).toMatchObject({ code: status, errors: [{ reason }] });
    expect(await filesOnDisk()).toEqual([]);
    await file.save('x', { resumable: false });
  });

  it('a lost answer: it was done all the same', async () => {
    recorder.inject({ service: 'storage', method: 'insert', code: 'UNAVAILABLE', times: 1, lost: true });
    recorder.inject({ service: 'storage', method: 'delete', code: 'UNAVAILABLE', times: 1, lost: true });
    const file = bucketAs().file('lost');
    expect(await failure(file.save('x', { resumable: false }))).toMatchObject({ code: 503 });
    expect((await file.download())[0].toString()).toBe('x');
    expect(await failure(file.delete())).toMatchObject({ code: 503 });
    expect(await file.exists()).toEqual([false]);
  });

  it('a fault before the download of a large object does not stall the connection', async () => {
    const file = bucketAs().file('large');
    await file.save(randomBytes(3_000_000), { resumable: false });
    recorder.inject({ service: 'storage', method: 'media', code: 'INTERNAL', times: 1, lost: true });
    expect(await failure(file.download())).toMatchObject({ code: 500 });
    expect((await file.download())[0]).toHaveLength(3_000_000);
  });

  it('CORRUPT on the way out: the client notices by the checksum of the original', async () => {
    const file = bucketAs().file('corrupt');
    await file.save('precious bytes', { resumable: false });
    recorder.inject({ service: 'storage', method: 'media', code: 'CORRUPT', times: 2 });
    expect(await failure(file.download({ validation: 'crc32c' }))).toMatchObject({ code: 'CONTENT_DOWNLOAD_MISMATCH' });
    const [damaged] = await file.download({ validation: false });
    expect(damaged.toString()).toBe('qrecious bytes');
    expect((await file.download({ validation: 'crc32c' }))[0].toString()).toBe('precious bytes');
  });

  it('CORRUPT on the way in: refused when the client says what it sent', async () => {
    const url = `${storage.baseUrl(admin.email)}/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=in`;
    const send = () => fetch(url, { method: 'POST', body: '123456789', headers: { 'x-goog-hash': 'crc32c=4waSgw==' } });
    recorder.inject({ service: 'storage', method: 'insert', code: 'CORRUPT', times: 1 });
    expect((await send()).status).toBe(400);
    expect((await send()).status).toBe(200);
  });

  it('every call is counted by its name', async () => {
    const file = bucketAs().file('counted');
    await file.save('x', { resumable: false });
    await file.getMetadata();
    await file.download();
    await file.setMetadata({ contentType: 'text/plain' });
    await bucketAs().getFiles();
    await bucketAs().getMetadata();
    await file.delete();
    expect(recorder.calls()).toEqual({
      'storage.buckets.get': 1,
      'storage.delete': 1,
      'storage.get': 1,
      'storage.insert': 1,
      'storage.list': 1,
      'storage.media': 1,
      'storage.patch': 1,
    });
  });
});

describe('on disk', () => {
  it('an object is a file with exactly its bytes, and nothing once deleted', async () => {
    const file = bucketAs().file('visible');
    await file.save('find me', { resumable: false });
    const [entry] = await filesOnDisk();
    expect(await readFile(join(String(entry?.parentPath), String(entry?.name)), 'utf8')).toBe('find me');
    await file.delete();
    expect(await filesOnDisk()).toEqual([]);
  });

  it('a start empties what an earlier run left', async () => {
    await mkdir(join(dir, 'objects'), { recursive: true });
    await writeFile(join(dir, 'objects', 'left-over'), 'old');
    const other = await startStorage({ dir, clock, recorder, callers: [], publicKey: () => undefined });
    await other.close();
    expect(await filesOnDisk()).toEqual([]);
  });

  it('a start that keeps has the objects of an earlier run, with everything about them, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-storage-'));
    const open = async () => {
      const one = await startStorage({
        dir: folder,
        kept: true,
        clock,
        recorder,
        callers: [admin],
        publicKey: () => undefined,
      });
      one.createBucket(BUCKET);
      const objects = `${one.baseUrl(admin.email)}/storage/v1/b/${BUCKET}/o`;
      const upload = (name: string, body: string) =>
        fetch(`${objects.replace('/storage/', '/upload/storage/')}?uploadType=media&name=${name}`, {
          method: 'POST',
          body,
        });
      const facts = async (name: string) => (await fetch(`${objects}/${name}`)).json();
      return { one, objects, upload, facts };
    };
    const first = await open();
    await first.upload('a', 'old');
    await first.upload('a', 'new');
    await first.upload('gone', 'x');
    const headers = { 'content-type': 'application/json' };
    await fetch(`${first.objects}/a`, { method: 'PATCH', headers, body: '{"metadata": {"k": "v"}}' });
    await fetch(`${first.objects}/gone`, { method: 'DELETE' });
    const before = await first.facts('a');
    await first.one.close();
    await writeFile(join(folder, 'objects', 'upload-whose-answer-never-came'), 'bytes without facts');

    const second = await open();
    const { selfLink: _, mediaLink: __, ...after } = (await second.facts('a')) as Record<string, unknown>;
    expect(before).toMatchObject({ ...after, metadata: { k: 'v' } });
    expect(await (await fetch(`${second.objects}/a?alt=media`)).text()).toBe('new');
    expect((await fetch(`${second.objects}/gone`)).status).toBe(404);
    expect(await readdir(join(folder, 'objects'))).toHaveLength(2);
    await second.upload('a', 'newer');
    expect(Number(((await second.facts('a')) as { generation: string }).generation)).toBeGreaterThan(
      Number((before as { generation: string }).generation),
    );
    await second.one.close();
    await rm(folder, { recursive: true });
  });

  it('an upload that breaks off leaves nothing', async () => {
    const url = `${storage.baseUrl(admin.email)}/upload/storage/v1/b/${BUCKET}/o?uploadType=media&name=broken`;
    const upload = request(url, { method: 'POST', headers: { 'content-length': 1_000_000 } });
    upload.on('error', () => undefined);
    upload.write(Buffer.alloc(70_000));
    await expect.poll(async () => (await filesOnDisk()).length).toBe(1);
    upload.destroy();
    await expect.poll(filesOnDisk).toEqual([]);
  });
});
