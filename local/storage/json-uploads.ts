import { parseConditions } from './conditions.ts';
import { expectedDigests } from './expected-digests.ts';
import { type Exchange, empty, json, type Operation, type Reply, readJson } from './http.ts';
import type { Digests } from './incoming.ts';
import type { JsonApiParts } from './json-api-parts.ts';
import { defined, inserted, type ObjectInsert, objectInsert, parse } from './metadata.ts';
import { readRelated } from './multipart.ts';
import type { Upload } from './objects.ts';
import { objectResource } from './representation.ts';
import { incomplete, isQuery } from './sessions.ts';
import { StorageError } from './storage-error.ts';

/** `/upload/storage/v1/b/BUCKET/o`: the three kinds of upload, and the parts of a resumable one. */
export function uploadRoute(
  parts: JsonApiParts,
  exchange: Exchange,
  segments: string[],
  query: URLSearchParams,
): Operation {
  const { method } = exchange;
  const [bucket = '', collection, ...rest] = segments.slice(4);
  if (collection !== 'o' || rest.length > 0) throw new StorageError('not_found');
  const uploadId = query.get('upload_id');
  if (uploadId !== null) return sessionRoute(parts, exchange, uploadId);
  if (method !== 'POST') throw new StorageError('method_not_allowed');
  const kind = query.get('uploadType');
  if (kind === 'media') return { name: 'insert', run: (body) => simple(parts, exchange, bucket, query, body) };
  if (kind === 'multipart') return { name: 'insert', run: (body) => related(parts, exchange, bucket, query, body) };
  if (kind === 'resumable') return { name: 'resumable', run: (body) => start(parts, exchange, bucket, query, body) };
  throw new StorageError('invalid', 'Invalid upload type.');
}

async function simple(
  parts: JsonApiParts,
  exchange: Exchange,
  bucket: string,
  query: URLSearchParams,
  body: AsyncIterable<Buffer>,
) {
  const metadata = defined({ contentType: exchange.headers['content-type'] });
  return created(parts, exchange, uploadOf(parts, exchange, bucket, query, metadata), body);
}

async function related(
  parts: JsonApiParts,
  exchange: Exchange,
  bucket: string,
  query: URLSearchParams,
  body: AsyncIterable<Buffer>,
) {
  const { metadata, contentType, media } = await readRelated(exchange.headers['content-type'] ?? '', body);
  const resource = { ...defined({ contentType }), ...parse(objectInsert, metadata) };
  return created(parts, exchange, uploadOf(parts, exchange, bucket, query, resource), media);
}

async function created(
  { objects }: JsonApiParts,
  { host }: Exchange,
  upload: Upload,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  return json(200, objectResource(await objects.create(upload, body), host));
}

async function start(
  parts: JsonApiParts,
  exchange: Exchange,
  bucket: string,
  query: URLSearchParams,
  body: AsyncIterable<Buffer>,
) {
  const announced = [exchange.headers['x-upload-content-type'] ?? []].flat()[0];
  const resource = { ...defined({ contentType: announced }), ...parse(objectInsert, await readJson(body)) };
  const id = parts.sessions.start(uploadOf(parts, exchange, bucket, query, resource));
  const location = `http://${exchange.host}/upload/storage/v1/b/${bucket}/o?uploadType=resumable&upload_id=${id}`;
  return empty(200, { location, 'x-guploader-uploadid': id });
}

function uploadOf(
  { caller }: JsonApiParts,
  exchange: Exchange,
  bucket: string,
  query: URLSearchParams,
  resource: ObjectInsert,
): Upload {
  const stated: Partial<Digests> = defined({
    crc32c: resource.crc32c ?? undefined,
    md5: resource.md5Hash ?? undefined,
  });
  return {
    caller,
    bucket,
    name: query.get('name') ?? resource.name ?? '',
    conditions: parseConditions((condition) => query.get(condition) ?? undefined),
    attributes: inserted(resource),
    expected: { ...stated, ...expectedDigests(exchange.headers) },
  };
}

function sessionRoute({ sessions }: JsonApiParts, { method, headers, host }: Exchange, id: string): Operation {
  if (method === 'DELETE') return { name: 'cancel', run: () => sessions.cancel(id) };
  if (method !== 'PUT') throw new StorageError('method_not_allowed');
  const range = headers['content-range'];
  return {
    name: isQuery(range) ? 'status' : 'chunk',
    async run(body) {
      const progress = await sessions.put(id, range, body, expectedDigests(headers));
      return progress.kind === 'complete' ? json(200, objectResource(progress.object, host)) : incomplete(progress);
    },
  };
}
