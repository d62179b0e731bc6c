import type { IncomingHttpHeaders } from 'node:http';
import { expectedDigests } from './expected-digests.ts';
import { type Exchange, empty, type Operation, type Reply } from './http.ts';
import { defined } from './metadata.ts';
import type { Attributes, StoredObject } from './model.ts';
import type { Objects, Target, Upload } from './objects.ts';
import { objectHeaders } from './representation.ts';
import { incomplete, isQuery, type Sessions } from './sessions.ts';
import { StorageError } from './storage-error.ts';

/** A whole object in one PUT. A Content-Length beyond the limit is refused before the body is read. */
export async function put(
  objects: Objects,
  exchange: Exchange,
  target: Target,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  const upload = uploadOf(exchange, target);
  const announced = Number(exchange.headers['content-length'] ?? 0);
  if (upload.sizes !== undefined && announced > upload.sizes.max) {
    throw new StorageError('entity_too_large', 'Content-length exceeds upper bound on range');
  }
  return stored(await objects.create(upload, body));
}

/** Opens a resumable session; its URL is the only credential. It keeps the size limit and the preconditions. */
export function startResumable(sessions: Sessions, exchange: Exchange, target: Target): Reply {
  const id = sessions.start(uploadOf(exchange, target), exchange.headers.origin);
  const location = `http://${exchange.host}${exchange.path}?upload_id=${id}`;
  return empty(201, { location, 'x-guploader-uploadid': id });
}

export function sessionRoute(sessions: Sessions, { method, headers }: Exchange, id: string): Operation {
  if (method === 'DELETE') return { name: 'cancel', run: () => sessions.cancel(id) };
  if (method !== 'PUT') throw new StorageError('method_not_allowed');
  const range = headers['content-range'];
  return {
    name: isQuery(range) ? 'status' : 'chunk',
    async run(body) {
      const progress = await sessions.put(id, range, body, expectedDigests(headers));
      return progress.kind === 'complete' ? stored(progress.object) : incomplete(progress);
    },
  };
}

function uploadOf({ headers }: Exchange, target: Target): Upload {
  const sizes = sizeRange(headers['x-goog-content-length-range']);
  return { ...target, attributes: attributesOf(headers), expected: expectedDigests(headers), ...defined({ sizes }) };
}

function attributesOf(headers: IncomingHttpHeaders): Attributes {
  const metadata = Object.entries(headers).flatMap(([name, value]): [string, string][] => {
    const key = /^x-goog-meta-(.+)$/.exec(name)?.[1];
    return key === undefined || value === undefined ? [] : [[key, utf8([value].flat().join()) ?? '']];
  });
  return defined({
    contentType: utf8(headers['content-type']),
    contentEncoding: utf8(headers['content-encoding']),
    contentDisposition: utf8(headers['content-disposition']),
    contentLanguage: utf8(headers['content-language']),
    cacheControl: utf8(headers['cache-control']),
    metadata: metadata.length === 0 ? undefined : Object.fromEntries(metadata),
  });
}

/** Node reads header octets as Latin-1; uploaders mean UTF-8. */
const utf8 = (value: string | undefined) => (value === undefined ? undefined : Buffer.from(value, 'latin1').toString());

function sizeRange(header: string | string[] | undefined): { min: number; max: number } | undefined {
  if (header === undefined) return undefined;
  const [, min, max] = /^\s*(\d+)\s*,\s*(\d+)\s*$/.exec([header].flat().join()) ?? [];
  if (min === undefined || max === undefined)
    throw new StorageError('invalid', 'Invalid x-goog-content-length-range header.');
  return { min: Number(min), max: Number(max) };
}

function stored(object: StoredObject): Reply {
  const kept = ['etag', 'x-goog-generation', 'x-goog-metageneration', 'x-goog-hash', 'x-goog-stored-content-length'];
  const headers = Object.entries(objectHeaders(object)).filter(([name]) => kept.includes(name));
  return empty(200, Object.fromEntries(headers));
}
