import type { IncomingHttpHeaders } from 'node:http';
import type { Digests } from './incoming.ts';
import { StorageError } from './storage-error.ts';

/**
 * The checksums that an uploader states in `x-goog-hash` (`crc32c=…,md5=…`) and `content-md5`, in base64.
 *
 * @throws StorageError invalid for what is no checksum
 */
export function expectedDigests(headers: IncomingHttpHeaders): Partial<Digests> {
  const hashes = [headers['x-goog-hash'] ?? []].flat().flatMap((value) => value.split(','));
  const stated = hashes.flatMap((pair): [string, string][] => {
    const [, name, value] = /^\s*(crc32c|md5)=(\S+)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) throw new StorageError('invalid', 'Invalid x-goog-hash header.');
    return [[name, value]];
  });
  const contentMd5 = headers['content-md5'];
  return { ...Object.fromEntries(stated), ...(contentMd5 === undefined ? {} : { md5: [contentMd5].flat().join() }) };
}
