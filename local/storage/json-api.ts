import * as z from 'zod';
import { authorize, denied } from './access.ts';
import { parseConditions } from './conditions.ts';
import { download } from './download.ts';
import { type Api, decode, type Exchange, json, type Operation, type Reply, readJson } from './http.ts';
import type { JsonApiParts } from './json-api-parts.ts';
import { uploadRoute } from './json-uploads.ts';
import { listPage, parseListQuery } from './listing.ts';
import { defined, objectPatch, parse, patched } from './metadata.ts';
import type { Target } from './objects.ts';
import { bucketResource, objectResource } from './representation.ts';
import { jsonError, StorageError } from './storage-error.ts';

/**
 * Cloud Storage's JSON API, v1, as its client library uses it: buckets (get, insert) and objects (get, media, list,
 * patch, delete, and the three kinds of upload).
 */
export function createJsonApi(parts: JsonApiParts): Api {
  return {
    route(exchange) {
      const query = new URLSearchParams(exchange.query);
      const segments = exchange.path.split('/').slice(1).map(decode);
      const path = segments.join('/');
      if (path.startsWith('upload/storage/v1/b/')) return uploadRoute(parts, exchange, segments, query);
      if (path.startsWith('download/storage/v1/b/')) return resourceRoute(parts, exchange, segments.slice(4), query);
      if (path === 'storage/v1/b') return bucketsRoute(parts, exchange, query);
      if (path.startsWith('storage/v1/b/')) return resourceRoute(parts, exchange, segments.slice(3), query);
      throw new StorageError('not_found');
    },
    refuse,
    standing: () => ({}),
  };
}

function refuse(error: StorageError, operation: string | undefined): Reply {
  const { status } = error;
  if (error.code === 'not_modified') return { status, headers: {}, body: '' };
  // Where bytes are asked for the service answers a bare sentence, elsewhere a document.
  if (operation === 'media')
    return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: error.message };
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: jsonError(error) };
}

const newBucket = z.object({
  name: z.string(),
  location: z.string().optional(),
  lifecycle: z.object({ rule: z.array(z.unknown()) }).optional(),
  softDeletePolicy: z.object({ retentionDurationSeconds: z.coerce.string() }).optional(),
  cors: z
    .array(
      z.object({
        origin: z.array(z.string()),
        method: z.array(z.string()),
        responseHeader: z.array(z.string()).optional(),
        maxAgeSeconds: z.number().optional(),
      }),
    )
    .optional(),
});

/** `/b` */
function bucketsRoute({ store, caller }: JsonApiParts, { method }: Exchange, query: URLSearchParams): Operation {
  if (method !== 'POST') throw new StorageError('not_implemented');
  return {
    name: 'buckets.insert',
    async run(body) {
      const project = query.get('project') ?? '';
      if (!caller.may('storage.buckets.create', `projects/${project}`))
        throw denied(caller, 'storage.buckets.create', 'project');
      const { name, ...options } = parse(newBucket, await readJson(body));
      return json(200, bucketResource(store.createBucket(name, { projectId: project, ...defined(options) })));
    },
  };
}

/** `/b/BUCKET`, `/b/BUCKET/o` and `/b/BUCKET/o/OBJECT` */
function resourceRoute(parts: JsonApiParts, exchange: Exchange, segments: string[], query: URLSearchParams): Operation {
  const [bucket = '', collection, ...rest] = segments;
  if (collection === undefined) return bucketRoute(parts, exchange, bucket);
  if (collection !== 'o') throw new StorageError('not_implemented');
  const name = rest.join('/');
  return name === '' ? listRoute(parts, exchange, bucket, query) : objectRoute(parts, exchange, bucket, name, query);
}

function bucketRoute({ store, caller }: JsonApiParts, { method }: Exchange, bucket: string): Operation {
  if (method !== 'GET') throw new StorageError('not_implemented');
  return {
    name: 'buckets.get',
    async run() {
      const found = store.bucket(bucket);
      authorize(caller, 'storage.buckets.get', bucket);
      return json(200, bucketResource(found));
    },
  };
}

function listRoute(
  { store, caller }: JsonApiParts,
  exchange: Exchange,
  bucket: string,
  query: URLSearchParams,
): Operation {
  if (exchange.method !== 'GET') throw new StorageError('method_not_allowed');
  return {
    name: 'list',
    async run() {
      store.bucket(bucket);
      authorize(caller, 'storage.objects.list', bucket);
      const { items, prefixes, nextPageToken } = listPage(store.objects(bucket), parseListQuery(query));
      return json(200, {
        kind: 'storage#objects',
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
        ...(prefixes.length === 0 ? {} : { prefixes }),
        items: items.map((item) => objectResource(item, exchange.host)),
      });
    },
  };
}

function objectRoute(
  { objects, caller }: JsonApiParts,
  { method, host, headers }: Exchange,
  bucket: string,
  name: string,
  query: URLSearchParams,
): Operation {
  // Read late: a malformed condition is the operation's error, counted like any other.
  const target = (): Target => {
    const generation = query.get('generation');
    const conditions = parseConditions((condition) => query.get(condition) ?? undefined);
    return { caller, bucket, name, conditions, ...(generation === null ? {} : { generation: Number(generation) }) };
  };
  if (method === 'GET' && query.get('alt') === 'media') {
    return { name: 'media', run: async () => download(objects.read(target()), headers.range) };
  }
  if (method === 'GET')
    return { name: 'get', run: async () => json(200, objectResource(objects.read(target()), host)) };
  if (method === 'DELETE') {
    return {
      name: 'delete',
      async run() {
        await objects.remove(target());
        return { status: 204, headers: {}, body: '' };
      },
    };
  }
  if (method === 'PATCH') {
    return {
      name: 'patch',
      async run(body) {
        const patch = parse(objectPatch, await readJson(body));
        const described = await objects.describe(target(), (current) => patched(current, patch));
        return json(200, objectResource(described, host));
      },
    };
  }
  throw new StorageError('method_not_allowed');
}
