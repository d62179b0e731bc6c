import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { createMovableClock } from '#local/clock.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { type LocalStorage, startStorage } from '#local/storage/start.ts';
import { crc32c } from '#shared/crypto/crc32c.ts';
import { createBucket, createObjects } from '#shared/gcp/storage.ts';
import { DeletionDeniedError } from '#shared/model/errors.ts';
import type { NewObject } from '#shared/store/objects.ts';

process.env['METADATA_SERVER_DETECTION'] = 'none';

const BUCKET = 'payloads';
const grant = (...verbs: string[]) =>
  verbs.map((verb) => [`storage.objects.${verb}`, `projects/_/buckets/${BUCKET}`] as const);
const sealer = createCaller('sealer@p.test', grant('create', 'list', 'delete'));
const worker = createCaller('worker@p.test', grant('get', 'update', 'delete'));

let dir: string;
let recorder: Recorder;
let storage: LocalStorage;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'objects-test-'));
  recorder = createRecorder();
  const callers = [sealer, worker];
  storage = await startStorage({
    dir,
    clock: createMovableClock(),
    recorder,
    callers,
    publicKey: async () => undefined,
  });
  storage.createBucket(BUCKET);
});
afterEach(async () => {
  await storage.close();
  await rm(dir, { recursive: true });
});

const objectsAs = ({ email }: { email: string }) =>
  createObjects(createBucket({ projectId: 'p', bucket: BUCKET, endpoint: storage.baseUrl(email) }));
const object = (name = 'folder/one.bin', bytes = randomBytes(1000)): NewObject => ({
  name,
  bytes,
  crc32c: crc32c(bytes),
  custom: { caller: 'a@b', 'key-version': 'k/1' },
});
const fault = (method: string, code: string, rest = {}) =>
  recorder.inject({ service: 'storage', method, code, ...rest });
const UNAVAILABLE = { code: 'dependency_unavailable' };

describe('an object', () => {
  it('is created, found by its name alone, read and removed, each with the rights of one account', async () => {
    const one = object();
    const created = await objectsAs(sealer).create(one);
    const versions = { generation: expect.stringMatching(/^\d{16}$/), metageneration: '1' };
    expect(created).toEqual({ ...versions, size: 1000, custom: one.custom });
    expect(await objectsAs(sealer).find(one.name)).toEqual(created);
    expect(await objectsAs(worker).read(one.name)).toEqual({ bytes: one.bytes, generation: created.generation });
    await objectsAs(worker).remove(one.name, created.generation);
    expect(await objectsAs(sealer).find(one.name)).toBeUndefined();
    expect(recorder.calls()).toEqual({
      'storage.delete': 1,
      'storage.get': 1,
      'storage.insert': 1,
      'storage.list': 2,
      'storage.media': 1,
    });
  });

  it('is not another one whose name begins alike', async () => {
    await objectsAs(sealer).create(object('one.bin.bak'));
    expect(await objectsAs(sealer).find('one.bin')).toBeUndefined();
    await objectsAs(sealer).create(object('one.bin'));
    expect(await objectsAs(sealer).find('one.bin')).toMatchObject({ size: 1000 });
  });

  it('is never replaced', async () => {
    const first = object();
    await objectsAs(sealer).create(first);
    await expect(objectsAs(sealer).create(object())).rejects.toMatchObject({ code: 'internal' });
    expect((await objectsAs(worker).read(first.name)).bytes).toEqual(first.bytes);
  });
});

describe('creating', () => {
  it.each(['UNAVAILABLE', 'INTERNAL', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED'])(
    'is tried again after %s',
    async (code) => {
      fault('insert', code, { times: 2 });
      expect(await objectsAs(sealer).create(object())).toMatchObject({ size: 1000 });
      expect(recorder.calls()['storage.insert']).toBe(3);
    },
  );

  it('knows its own object when the answer was lost', async () => {
    fault('insert', 'UNAVAILABLE', { lost: true, times: 1 });
    expect(await objectsAs(sealer).create(object())).toMatchObject({ size: 1000 });
    expect(recorder.calls()).toEqual({ 'storage.insert': 2, 'storage.list': 1 });
  });

  it('refuses to store other bytes than those the checksum was taken of', async () => {
    const wrong = { ...object(), crc32c: 1 };
    await expect(objectsAs(sealer).create(wrong)).rejects.toMatchObject(UNAVAILABLE);
    expect(await objectsAs(sealer).find(wrong.name)).toBeUndefined();
  });

  it.each(['PERMISSION_DENIED', 'NOT_FOUND', 'UNAVAILABLE'])('gives up on %s', async (code) => {
    fault('insert', code);
    await expect(objectsAs(sealer).create(object())).rejects.toMatchObject(UNAVAILABLE);
    expect(recorder.calls()['storage.insert']).toBe(code === 'UNAVAILABLE' ? 4 : 1);
  });
});

describe('reading', () => {
  it('is tried again when the bytes are damaged, and never passes them on', async () => {
    const one = object();
    await objectsAs(sealer).create(one);
    fault('media', 'CORRUPT', { times: 3 });
    expect((await objectsAs(worker).read(one.name)).bytes).toEqual(one.bytes);
    fault('media', 'CORRUPT');
    await expect(objectsAs(worker).read(one.name)).rejects.toMatchObject(UNAVAILABLE);
  });

  it('does not tell what is not there from what is not allowed', async () => {
    const one = object();
    await objectsAs(sealer).create(one);
    await expect(objectsAs(sealer).read(one.name)).rejects.toMatchObject({ code: 'not_found' });
    await expect(objectsAs(worker).read('absent')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('removing', () => {
  it('what is gone is no error', async () => {
    await objectsAs(sealer).remove('absent');
  });

  it('leaves another generation alone', async () => {
    const one = object();
    await objectsAs(sealer).create(one);
    await expect(objectsAs(sealer).remove(one.name, '1')).rejects.toBeInstanceOf(DeletionDeniedError);
    expect(await objectsAs(sealer).find(one.name)).toBeDefined();
  });

  it('is refused without the right, which looks the same as nothing there without the right to list', async () => {
    await expect(objectsAs(worker).remove('absent')).rejects.toBeInstanceOf(DeletionDeniedError);
  });
});

describe('labels', () => {
  const create = async () => {
    const one = object();
    await objectsAs(sealer).create(one);
    return { name: one.name, custom: one.custom, seen: await objectsAs(worker).inspect(one.name) };
  };

  it('are added and taken away beside those that are there, and leave the bytes alone', async () => {
    const { name, custom, seen } = await create();
    const labelled = await objectsAs(worker).label(name, seen, { holder: 'Größe 1' });
    expect(labelled).toEqual({ ...seen, metageneration: '2', custom: { ...custom, holder: 'Größe 1' } });
    const bare = labelled && (await objectsAs(worker).label(name, labelled, { holder: null }));
    expect(bare).toEqual({ ...seen, metageneration: '3' });
    expect((await objectsAs(worker).read(name)).generation).toBe(seen.generation);
  });

  it('of an object that has changed since are not set', async () => {
    const { name, seen } = await create();
    await objectsAs(worker).label(name, seen, { holder: 'one' });
    expect(await objectsAs(worker).label(name, seen, { holder: 'two' })).toBeUndefined();
    expect((await objectsAs(worker).inspect(name)).custom['holder']).toBe('one');
  });

  it('whose response was lost look changed', async () => {
    const { name, seen } = await create();
    fault('patch', 'UNAVAILABLE', { lost: true, times: 1 });
    expect(await objectsAs(worker).label(name, seen, { holder: 'one' })).toBeUndefined();
    expect((await objectsAs(worker).inspect(name)).custom['holder']).toBe('one');
  });

  it('are set after a failure, and not for good', async () => {
    const { name, seen } = await create();
    fault('patch', 'UNAVAILABLE', { times: 2 });
    expect(await objectsAs(worker).label(name, seen, { holder: 'one' })).toBeDefined();
    fault('patch', 'UNAVAILABLE');
    const now = await objectsAs(worker).inspect(name);
    await expect(objectsAs(worker).label(name, now, { holder: 'two' })).rejects.toMatchObject(UNAVAILABLE);
  });

  it('of nothing, and of what one may not change, are not found', async () => {
    const { name, seen } = await create();
    await expect(objectsAs(sealer).label(name, seen, { holder: 'one' })).rejects.toMatchObject({ code: 'not_found' });
    await expect(objectsAs(worker).inspect('absent')).rejects.toMatchObject({ code: 'not_found' });
  });
});
