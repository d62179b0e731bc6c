import { type Bucket, Storage } from '@google-cloud/storage';
import { crc32c, crc32cToBase64 } from '../crypto/crc32c.ts';
import { DeletionDeniedError, Fault } from '../model/errors.ts';
import type {
  NewObject,
  ObjectCreator,
  ObjectFinder,
  ObjectMetadata,
  ObjectReader,
  ObjectRemover,
} from '../store/objects.ts';
import { type RetryPolicy, retrying } from './retry.ts';

/** Milliseconds for one request; ten mebibytes take a good second on a slow day. */
const TIMEOUT = 20_000;

export interface BucketSettings {
  readonly projectId: string;
  readonly bucket: string;
  /** Base URL of a stand-in without credentials; undefined for the service. */
  readonly endpoint?: string | undefined;
}

/** The library's own retries are off: after which failures a call may be sent again, and what that means, is decided here. */
export function createBucket({ projectId, bucket, endpoint }: BucketSettings): Bucket {
  const retryOptions = { autoRetry: false, maxRetries: 0 };
  const place = endpoint === undefined ? {} : { apiEndpoint: endpoint };
  return new Storage({ projectId, retryOptions, timeout: TIMEOUT, ...place }).bucket(bucket);
}

/**
 * Objects through Google's client. Checksums are ours: the library's take longer than the encryption, and it checks
 * uploads by reading metadata, to which the account that seals has no right.
 */
export function createObjects(bucket: Bucket): ObjectCreator & ObjectFinder & ObjectReader & ObjectRemover {
  async function list(name: string): Promise<Listed | undefined> {
    const [files] = await bucket.getFiles({ prefix: name, autoPaginate: false, maxResults: 1 });
    // Names are sorted, so the object itself comes before all that merely begin like it.
    const [first] = files;
    return first?.name === name ? listed(first.metadata) : undefined;
  }

  async function upload({ name, bytes, crc32c: checksum, custom }: NewObject): Promise<Listed> {
    const file = bucket.file(name);
    const expected = crc32cToBase64(checksum);
    await file.save(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
      resumable: false,
      validation: false,
      timeout: TIMEOUT,
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
            // It is there: the answer of an earlier attempt was lost, for nobody else knows the name.
            const found = codeOf(error) === 412 ? await list(object.name) : undefined;
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
        if (crc32cToBase64(crc32c(bytes)) !== metadata.crc32c) throw new DamagedDownload();
        return { bytes, generation };
      }, unreadable),

    remove: (name, generation) =>
      retryingFaults(
        async () => {
          const preconditions = generation === undefined ? {} : { ifGenerationMatch: Number(generation) };
          await bucket.file(name).delete({ ...preconditions, ignoreNotFound: true });
        },
        (cause) => ([403, 412].includes(Number(codeOf(cause))) ? new DeletionDeniedError(cause) : unavailable(cause)),
      ),
  };
}

/** Bytes that are not those that the metadata describes: damaged on their way, or replaced between the two requests. */
class DamagedDownload extends Error {
  override readonly name = 'DamagedDownload';
}

interface Listed {
  readonly metadata: ObjectMetadata;
  readonly crc32c: string | undefined;
}

interface Resource {
  readonly generation?: string | number | undefined;
  readonly size?: string | number | undefined;
  readonly crc32c?: string | undefined;
  readonly metadata?: Readonly<Record<string, string | boolean | number | null>> | undefined;
}

function listed({ generation, size, crc32c: checksum, metadata = {} }: Resource): Listed {
  const custom = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, String(value)]));
  return { metadata: { generation: String(generation), size: Number(size), custom }, crc32c: checksum };
}

/** An HTTP status, or the name of what went wrong on the way; the client types neither. */
function codeOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  return 'code' in error ? error.code : 'status' in error ? error.status : undefined;
}

/** Statuses of the JSON API after which Google's clients send again, and everything that is no answer at all. */
const isTransient = (error: unknown): boolean => {
  if (error instanceof Fault) return false;
  if (error instanceof DamagedDownload) return true;
  const code = Number(codeOf(error));
  return Number.isNaN(code) || code === 408 || code === 429 || code >= 500;
};

const POLICY: RetryPolicy = { attempts: 4, backoff: 50, retries: isTransient };

/** An upload that was damaged on its way is refused as a bad request: by its checksum, or as no upload at all. */
const UPLOAD: RetryPolicy = { ...POLICY, retries: (error) => isTransient(error) || codeOf(error) === 400 };

/** The library's own timeout does not cover an upload whose answer does not come. */
async function inTime<T>(call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT} ms`)), TIMEOUT);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function retryingFaults<T>(call: () => Promise<T>, translate = unavailable, policy = POLICY): Promise<T> {
  try {
    return await retrying(() => inTime(call), policy);
  } catch (cause) {
    throw cause instanceof Fault ? cause : translate(cause);
  }
}

const unavailable = (cause: unknown): Fault =>
  new Fault('dependency_unavailable', 'The object store does not answer right now.', { cause });

/** Without the right to list, both are 403. */
const unreadable = (cause: unknown): Fault =>
  [403, 404].includes(Number(codeOf(cause)))
    ? new Fault('not_found', 'There is no such object, or no right to it.', { cause })
    : unavailable(cause);
