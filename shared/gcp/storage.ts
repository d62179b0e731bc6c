import { type Bucket, Storage } from '@google-cloud/storage';
import { crc32c, crc32cToBase64 } from '../crypto/crc32c.ts';
import { DeletionDeniedError, Fault } from '../model/errors.ts';
import type {
  NewObject,
  ObjectCreator,
  ObjectFinder,
  ObjectLabeller,
  ObjectMetadata,
  ObjectReader,
  ObjectRemover,
} from '../store/objects.ts';
import { httpStatusOf, type RetryPolicy, retrying, TRANSIENT_HTTP } from './retry.ts';

/** Milliseconds for one request; 10 MiB take a little more than a second on a slow day. */
const TIMEOUT = 20_000;

export interface BucketSettings {
  readonly projectId: string;
  readonly bucket: string;
  /** Base URL of a stand-in without credentials; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds for one request. */
  readonly timeout?: number;
}

/** The library's retries are off: this file decides which failures are retried. */
export function createBucket({ projectId, bucket, endpoint, timeout = TIMEOUT }: BucketSettings): Bucket {
  const retryOptions = { autoRetry: false, maxRetries: 0 };
  const place = endpoint === undefined ? {} : { apiEndpoint: endpoint };
  return new Storage({ projectId, retryOptions, timeout, ...place }).bucket(bucket);
}

/**
 * Objects through Google's client. The checksums are computed here: the library's take longer than the encryption, and
 * it verifies uploads by reading metadata, which the sealing account may not read.
 */
export function createObjects(
  bucket: Bucket,
  timeout = TIMEOUT,
): ObjectCreator & ObjectFinder & ObjectLabeller & ObjectReader & ObjectRemover {
  async function retryingFaults<T>(call: () => Promise<T>, translate = unavailable, policy = POLICY): Promise<T> {
    try {
      return await retrying(() => withTimeout(call, timeout), policy);
    } catch (cause) {
      throw cause instanceof Fault ? cause : translate(cause);
    }
  }

  async function list(name: string): Promise<Listed | undefined> {
    const [files] = await bucket.getFiles({ prefix: name, autoPaginate: false, maxResults: 1 });
    // Names are sorted, so the object itself precedes the objects whose names only start with its name.
    const [first] = files;
    return first?.name === name ? listed(first.metadata) : undefined;
  }

  async function upload({ name, bytes, crc32c: checksum, custom }: NewObject): Promise<Listed> {
    const file = bucket.file(name);
    const expected = crc32cToBase64(checksum);
    await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
      resumable: false,
      validation: false,
      timeout,
      preconditionOpts: { ifGenerationMatch: 0 },
      metadata: {
        contentType: 'application/octet-stream',
        cacheControl: 'no-store',
        crc32c: expected,
        metadata: custom,
      },
    });
    return listed(file.metadata);
  }

  return {
    create: (object) =>
      retryingFaults(
        async () => {
          const stored = await upload(object).catch(async (error: unknown) => {
            // The object exists: an earlier attempt stored it and its response was lost, since only we know the name.
            const found = httpStatusOf(error) === 412 ? await list(object.name) : undefined;
            if (found === undefined) throw error;
            return found;
          });
          if (stored.crc32c !== crc32cToBase64(object.crc32c) || stored.metadata.size !== object.bytes.length) {
            throw new Fault('internal', 'The stored object differs from the one that was sent.');
          }
          return stored.metadata;
        },
        unavailable,
        UPLOAD,
      ),

    find: (name) => retryingFaults(async () => (await list(name))?.metadata),

    read: (name) =>
      retryingFaults(async () => {
        const file = bucket.file(name);
        const [metadata] = await file.getMetadata();
        const { generation } = listed(metadata).metadata;
        const [bytes] = await bucket.file(name, { generation }).download({ validation: false, decompress: false });
        if (crc32cToBase64(crc32c(bytes)) !== metadata.crc32c) throw new DamagedDownloadError();
        return { bytes, generation };
      }, unreadable),

    inspect: (name) =>
      retryingFaults(async () => listed((await bucket.file(name).getMetadata())[0]).metadata, unreadable),

    label: (name, { generation, metageneration }, labels) =>
      retryingFaults(async () => {
        try {
          const file = bucket.file(name, { generation });
          const [metadata] = await file.setMetadata({ metadata: labels }, { ifMetagenerationMatch: metageneration });
          return listed(metadata).metadata;
        } catch (error) {
          if (httpStatusOf(error) === 412) return undefined;
          throw error;
        }
      }, unreadable),

    remove: (name, generation) =>
      retryingFaults(
        async () => {
          const preconditions = generation === undefined ? {} : { ifGenerationMatch: Number(generation) };
          await bucket.file(name).delete({ ...preconditions, ignoreNotFound: true });
        },
        (cause) =>
          [403, 412].includes(Number(httpStatusOf(cause))) ? new DeletionDeniedError(cause) : unavailable(cause),
      ),
  };
}

/** The bytes do not match the metadata: damaged in transit, or replaced between the two requests. */
class DamagedDownloadError extends Error {
  override readonly name = 'DamagedDownloadError';
}

interface Listed {
  readonly metadata: ObjectMetadata;
  readonly crc32c: string | undefined;
}

interface Resource {
  readonly generation?: string | number | undefined;
  readonly metageneration?: string | number | undefined;
  readonly size?: string | number | undefined;
  readonly crc32c?: string | undefined;
  readonly metadata?: Readonly<Record<string, string | boolean | number | null>> | undefined;
}

function listed({ generation, metageneration, size, crc32c: checksum, metadata = {} }: Resource): Listed {
  const custom = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)]));
  return {
    metadata: { generation: String(generation), metageneration: String(metageneration), size: Number(size), custom },
    crc32c: checksum,
  };
}

const POLICY: RetryPolicy = {
  ...TRANSIENT_HTTP,
  retries: (error) =>
    error instanceof DamagedDownloadError || (!(error instanceof Fault) && TRANSIENT_HTTP.retries(error)),
};

/** Cloud Storage answers 400 to an upload that was damaged in transit: a wrong checksum, or a malformed request. */
const UPLOAD: RetryPolicy = { ...POLICY, retries: (error) => POLICY.retries(error) || httpStatusOf(error) === 400 };

/** Adds a deadline, since the library's timeout does not cover an upload without a response. */
async function withTimeout<T>(call: () => Promise<T>, timeout: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

const unavailable = (cause: unknown): Fault =>
  new Fault('dependency_unavailable', 'The object store does not answer right now.', { cause });

/** To an account without the right to list, a missing object and a forbidden one are both 403. */
const unreadable = (cause: unknown): Fault =>
  [403, 404].includes(Number(httpStatusOf(cause)))
    ? new Fault('not_found', 'The object does not exist, or this account may not read it.', { cause })
    : unavailable(cause);
