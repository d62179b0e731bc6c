import { open } from 'node:fs/promises';
import type { Reply } from './http.ts';
import type { StoredObject } from './model.ts';
import { objectHeaders } from './representation.ts';
import { StorageError } from './storage-error.ts';

/**
 * An object's bytes, or the part that a Range header names.
 *
 * @throws StorageError range_not_satisfiable
 */
export async function download(object: StoredObject, range: string | undefined): Promise<Reply> {
  const part = parseRange(range, object.size);
  const start = part?.start ?? 0;
  const end = part?.end ?? object.size - 1;
  const headers = {
    ...objectHeaders(object),
    'content-length': String(end - start + 1),
    ...(part === undefined ? {} : { 'content-range': `bytes ${start}-${end}/${object.size}` }),
  };
  const status = part === undefined ? 200 : 206;
  if (object.size === 0) return { status, headers, body: '' };
  const file = await open(object.path).catch(() => {
    throw new StorageError('no_such_object', `No such object: ${object.bucket}/${object.name}`);
  });
  return { status, headers, body: { file, start, end } };
}

/** One range as RFC 9110 section 14.1.2 has it; anything else is ignored, as that section allows. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  if (start >= size || (first === '' && Number(last) === 0)) throw new StorageError('range_not_satisfiable');
  return { start, end };
}
