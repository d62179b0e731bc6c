import type { Bucket, StoredObject } from './model.ts';

/** An object as the JSON API describes it. */
export function objectResource(object: StoredObject, host: string): Record<string, unknown> {
  const { bucket, name, generation, metageneration, attributes } = object;
  const path = `http://${host}/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`;
  return {
    kind: 'storage#object',
    id: `${bucket}/${name}/${generation}`,
    selfLink: path,
    mediaLink: `http://${host}/download/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?generation=${generation}&alt=media`,
    name,
    bucket,
    generation: String(generation),
    metageneration: String(metageneration),
    storageClass: 'STANDARD',
    size: String(object.size),
    md5Hash: object.md5,
    crc32c: object.crc32c,
    etag: etag(object),
    timeCreated: new Date(object.createdAt).toISOString(),
    updated: new Date(object.updatedAt).toISOString(),
    ...attributes,
  };
}

export function bucketResource({ name, options, createdAt }: Bucket): Record<string, unknown> {
  const { projectId: _, ...settings } = options;
  return {
    kind: 'storage#bucket',
    id: name,
    name,
    location: 'US',
    storageClass: 'STANDARD',
    metageneration: '1',
    timeCreated: new Date(createdAt).toISOString(),
    updated: new Date(createdAt).toISOString(),
    ...settings,
  };
}

/** What both APIs say in headers about the bytes they send. */
export function objectHeaders(object: StoredObject): Record<string, string> {
  const { attributes, size, generation, metageneration } = object;
  return {
    'content-type': attributes.contentType ?? 'application/octet-stream',
    'cache-control': attributes.cacheControl ?? 'private, max-age=0',
    'accept-ranges': 'bytes',
    etag: etag(object),
    'last-modified': new Date(object.updatedAt).toUTCString(),
    'x-goog-generation': String(generation),
    'x-goog-metageneration': String(metageneration),
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5}`,
    'x-goog-storage-class': 'STANDARD',
    'x-goog-stored-content-encoding': attributes.contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(size),
    ...sendable({
      'content-encoding': attributes.contentEncoding,
      'content-disposition': attributes.contentDisposition,
      'content-language': attributes.contentLanguage,
    }),
    ...sendable(
      Object.fromEntries(
        Object.entries(attributes.metadata ?? {}).map(([key, value]) => [`x-goog-meta-${key}`, value]),
      ),
    ),
  };
}

/** Texts as header values: UTF-8 octets, which Node takes as Latin-1. What no header can hold is left out. */
export function sendable(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const fit = Object.entries(texts).flatMap(([name, text]): [string, string][] => {
    if (text === undefined || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\x00-\x1f\x7f]/.test(text)) return [];
    return [[name, Buffer.from(text).toString('latin1')]];
  });
  return Object.fromEntries(fit);
}

const etag = ({ generation, metageneration }: StoredObject) =>
  Buffer.from(`${generation}/${metageneration}`).toString('base64');
