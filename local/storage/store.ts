import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#shared/model/clock.ts';
import { createIncoming, type Digests, type Incoming } from './incoming.ts';
import { readObjects, removeFiles, writeFacts } from './kept-objects.ts';
import type { Attributes, Bucket, BucketOptions, StoredObject } from './model.ts';
import { StorageError } from './storage-error.ts';

/** Buckets and live objects. Knows nothing of HTTP and of rights. */
export interface Store {
  /** @throws StorageError already_exists, invalid */
  createBucket(name: string, options: BucketOptions): Bucket;
  /** @throws StorageError no_such_bucket */
  bucket(name: string): Bucket;
  find(bucket: string, name: string): StoredObject | undefined;
  /** Every object of a bucket, in no order. */
  objects(bucket: string): Iterable<StoredObject>;
  /** Opens a file for incoming bytes. */
  receive(): Incoming;
  /**
   * Makes the bytes the live object, in one step with `guard`, which sees the one that is there and may refuse.
   * The replaced generation's file is gone when this returns; so are the new bytes when the guard refused.
   */
  commit(object: Arrival, guard: (current: StoredObject | undefined) => void): Promise<StoredObject>;
  /** Replaces an object's attributes and counts its metageneration up. */
  describe(object: StoredObject, attributes: Attributes): Promise<StoredObject>;
  remove(object: StoredObject): Promise<void>;
}

export interface Arrival {
  readonly bucket: string;
  readonly name: string;
  readonly incoming: Incoming;
  readonly digests: Digests;
  readonly attributes: Attributes;
}

/**
 * @param dir holds the bytes; what an earlier run left there is deleted
 * @param kept whether objects are kept instead: they belong to the bucket of their name once that is created
 */
export async function createStore(dir: string, clock: Clock, kept = false): Promise<Store> {
  const uploads = join(dir, 'uploads');
  const live = join(dir, 'objects');
  for (const folder of kept ? [uploads] : [uploads, live]) await rm(folder, { recursive: true, force: true });
  for (const folder of [uploads, live]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const earlier = kept ? await readObjects(live) : [];
  const write = kept ? writeFacts : async () => undefined;
  const buckets = new Map<string, { bucket: Bucket; objects: Map<string, StoredObject> }>();
  let newest = earlier.reduce((most, { generation }) => Math.max(most, generation), 0);

  const entry = (name: string) => {
    const found = buckets.get(name);
    if (found === undefined) throw new StorageError('no_such_bucket');
    return found;
  };

  // Generations are microseconds, as at the service, and grow even when the clock stands still.
  const nextGeneration = () => {
    newest = Math.max(newest + 1, clock.now() * 1000);
    return newest;
  };

  return {
    createBucket(name, options) {
      if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(name))
        throw new StorageError('invalid', `Invalid bucket name: '${name}'`);
      if (buckets.has(name)) throw new StorageError('already_exists');
      const bucket = { name, options, createdAt: clock.now() };
      const own = earlier.filter((object) => object.bucket === name);
      buckets.set(name, { bucket, objects: new Map(own.map((object) => [object.name, object])) });
      return bucket;
    },
    bucket: (name) => entry(name).bucket,
    find: (bucket, name) => entry(bucket).objects.get(name),
    objects: (bucket) => entry(bucket).objects.values(),
    receive: () => createIncoming(join(uploads, randomUUID())),
    async commit({ bucket, name, incoming, digests, attributes }, guard) {
      const path = join(live, randomUUID());
      await rename(incoming.path, path);
      const { objects } = entry(bucket);
      const previous = objects.get(name);
      try {
        guard(previous);
      } catch (error) {
        await rm(path);
        throw error;
      }
      const now = clock.now();
      const facts = { generation: nextGeneration(), metageneration: 1, createdAt: now, updatedAt: now };
      const object = { bucket, name, size: incoming.size, ...digests, attributes, path, ...facts };
      objects.set(name, object);
      await write(object);
      if (previous !== undefined) await removeFiles(previous);
      return object;
    },
    async describe(object, attributes) {
      const updated = {
        ...object,
        attributes,
        metageneration: object.metageneration + 1,
        updatedAt: clock.now(),
      };
      entry(object.bucket).objects.set(object.name, updated);
      await write(updated);
      return updated;
    },
    async remove(object) {
      entry(object.bucket).objects.delete(object.name);
      await removeFiles(object);
    },
  };
}
