import type { Caller } from '#local/caller.ts';
import { authorize, denied, may } from './access.ts';
import { type Conditions, checkConditions } from './conditions.ts';
import type { Digests, Incoming } from './incoming.ts';
import type { Attributes, StoredObject } from './model.ts';
import { StorageError } from './storage-error.ts';
import type { Store } from './store.ts';

/** An object somebody names, and what must hold for it. */
export interface Target {
  readonly caller: Caller;
  readonly bucket: string;
  readonly name: string;
  readonly conditions: Conditions;
  /** A certain generation instead of the live one. */
  readonly generation?: number;
}

/** An upload as announced before its bytes come. */
export interface Upload extends Target {
  readonly attributes: Attributes;
  /** Checksums the uploader gave, in base64: whatever arrives must have them. */
  readonly expected: Partial<Digests>;
  /** The sizes allowed, as `x-goog-content-length-range` says. */
  readonly sizes?: { readonly min: number; readonly max: number };
}

/** What may be done with objects, by whom and when: the rules that the JSON and the XML API share. */
export interface Objects {
  /** @throws StorageError access_denied, no_such_bucket, no_such_object, condition_not_met, not_modified */
  read(target: Target): StoredObject;
  /** Refuses an upload that could not succeed, before any byte of it is taken. */
  announce(upload: Upload): void;
  /** A whole upload: announced, received piece by piece, completed. */
  create(upload: Upload, body: AsyncIterable<Buffer>): Promise<StoredObject>;
  /** Makes what arrived the live object. Nothing is left of it when this throws. */
  complete(upload: Upload, incoming: Incoming): Promise<StoredObject>;
  /** @param change the new attributes from those that are there */
  describe(target: Target, change: (attributes: Attributes) => Attributes): Promise<StoredObject>;
  remove(target: Target): Promise<void>;
}

/** @param completed told of each upload that has become the live object */
export function createObjects(store: Store, completed: (object: StoredObject) => void = () => undefined): Objects {
  const existing = (target: Target, permission: string, purpose: 'read' | 'write') => {
    const { caller, bucket, name } = target;
    store.bucket(bucket);
    authorize(caller, permission, bucket, name);
    const object = store.find(bucket, name);
    if (object === undefined || (target.generation ?? object.generation) !== object.generation) {
      // Absence is told only to those who may list: to anyone else it looks like a lack of rights.
      if (!may(caller, 'storage.objects.list', bucket)) throw denied(caller, permission, 'object');
      throw new StorageError('no_such_object', `No such object: ${bucket}/${name}`);
    }
    checkConditions(target.conditions, object, purpose);
    return object;
  };

  const mayBecomeLive = ({ caller, bucket, name, conditions }: Upload) => {
    return (current: StoredObject | undefined) => {
      checkConditions(conditions, current, 'write');
      if (current !== undefined) authorize(caller, 'storage.objects.delete', bucket, name);
    };
  };

  const announce = (upload: Upload) => {
    const { caller, bucket, name } = upload;
    store.bucket(bucket);
    checkName(name);
    authorize(caller, 'storage.objects.create', bucket, name);
    mayBecomeLive(upload)(store.find(bucket, name));
  };

  const complete = async (upload: Upload, incoming: Incoming) => {
    const { bucket, name, attributes } = upload;
    const digests = incoming.digests();
    try {
      checkSize(upload, incoming.size);
      checkDigests(upload.expected, digests);
    } catch (error) {
      await incoming.discard();
      throw error;
    }
    const object = await store.commit({ bucket, name, incoming, digests, attributes }, mayBecomeLive(upload));
    completed(object);
    return object;
  };

  return {
    read: (target) => existing(target, 'storage.objects.get', 'read'),
    announce,
    async create(upload, body) {
      announce(upload);
      const incoming = store.receive();
      try {
        await incoming.append(body, upload.sizes === undefined ? {} : { max: upload.sizes.max });
      } catch (error) {
        await incoming.discard();
        throw error;
      }
      return complete(upload, incoming);
    },
    complete,
    describe(target, change) {
      const object = existing(target, 'storage.objects.update', 'write');
      return store.describe(object, change(object.attributes));
    },
    remove: (target) => store.remove(existing(target, 'storage.objects.delete', 'write')),
  };
}

/** "Object name requirements" of the service: 1 to 1,024 bytes of UTF-8, no line ends, not `.` or `..`. */
function checkName(name: string): void {
  const length = Buffer.byteLength(name);
  if (length === 0) throw new StorageError('invalid', 'Required parameter: name');
  if (length > 1024 || /[\r\n]/.test(name) || name === '.' || name === '..') {
    throw new StorageError('invalid', 'Disallowed unicode characters present in object name or name too long.');
  }
}

function checkSize({ sizes }: Upload, size: number): void {
  if (sizes === undefined) return;
  if (size > sizes.max) throw new StorageError('entity_too_large', 'Content-length exceeds upper bound on range');
  if (size < sizes.min) throw new StorageError('entity_too_small', 'Content-length smaller than lower bound on range');
}

function checkDigests(expected: Partial<Digests>, actual: Digests): void {
  if (expected.crc32c !== undefined && expected.crc32c !== actual.crc32c) {
    throw new StorageError(
      'crc_mismatch',
      `Provided CRC32C "${expected.crc32c}" doesn't match calculated CRC32C "${actual.crc32c}".`,
    );
  }
  if (expected.md5 !== undefined && expected.md5 !== actual.md5) {
    throw new StorageError(
      'bad_digest',
      `Provided MD5 hash "${expected.md5}" doesn't match calculated MD5 hash "${actual.md5}".`,
    );
  }
}
