import type { Caller } from '#local/caller.ts';
import type { Clock } from '#shared/model/clock.ts';
import { queryPairs } from './canonical-request.ts';
import { parseConditions } from './conditions.ts';
import { corsHeaders, preflight } from './cors.ts';
import { download } from './download.ts';
import { type Api, decode, type Exchange, type Operation } from './http.ts';
import type { CorsRule } from './model.ts';
import type { Objects, Target } from './objects.ts';
import { objectHeaders, sendable } from './representation.ts';
import type { Sessions } from './sessions.ts';
import { isSigned, type PublicKeyOf, verifySignedRequest } from './signed-request.ts';
import { StorageError, xmlError } from './storage-error.ts';
import type { Store } from './store.ts';
import { put, sessionRoute, startResumable } from './xml-uploads.ts';

export interface XmlApiParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** The accounts there are, with their rights. */
  readonly callers: readonly Caller[];
  readonly publicKey: PublicKeyOf;
}

/** The object a URL names. */
export interface Place {
  readonly bucket: string;
  readonly name: string;
}

/**
 * Cloud Storage's XML API for holders of a V4 signed URL: GET, HEAD, PUT, DELETE and resumable uploads of one
 * object, path-style (`/BUCKET/OBJECT`) or with the bucket as the first label of the host name.
 */
export function createXmlApi(parts: XmlApiParts): Api {
  return {
    route(exchange) {
      const place = placeOf(exchange);
      if (exchange.method === 'OPTIONS') {
        return { name: 'preflight', run: async () => preflight(rulesOf(parts.store, place.bucket), exchange) };
      }
      if (place.name === '') throw new StorageError('not_implemented');
      const uploadId = new URLSearchParams(exchange.query).get('upload_id');
      return uploadId === null ? objectRoute(parts, exchange, place) : sessionRoute(parts.sessions, exchange, uploadId);
    },
    refuse(error) {
      const { status } = error;
      if (error.code === 'not_modified') return { status, headers: {}, body: '' };
      return { status, headers: { 'content-type': 'application/xml; charset=UTF-8' }, body: xmlError(error) };
    },
    standing: (exchange) => {
      try {
        return corsHeaders(rulesOf(parts.store, placeOf(exchange).bucket), exchange);
      } catch {
        return {};
      }
    },
  };
}

function objectRoute(parts: XmlApiParts, exchange: Exchange, place: Place): Operation {
  const { objects } = parts;
  const { method, headers } = exchange;
  const target = () => authenticated(parts, exchange, place);
  if (method === 'PUT') return { name: 'upload', run: async (body) => put(objects, exchange, await target(), body) };
  if (method === 'POST' && headers['x-goog-resumable'] === 'start') {
    return { name: 'resumable', run: async () => startResumable(parts.sessions, exchange, await target()) };
  }
  if (method === 'GET') {
    return {
      name: 'download',
      async run() {
        const reply = await download(objects.read(await target()), headers.range);
        return { ...reply, headers: { ...reply.headers, ...overrides(exchange) } };
      },
    };
  }
  if (method === 'HEAD') {
    return {
      name: 'head',
      async run() {
        const object = objects.read(await target());
        const length = { 'content-length': String(object.size) };
        return { status: 200, headers: { ...objectHeaders(object), ...length, ...overrides(exchange) }, body: '' };
      },
    };
  }
  if (method === 'DELETE') {
    return {
      name: 'delete',
      async run() {
        await objects.remove(await target());
        return { status: 204, headers: {}, body: '' };
      },
    };
  }
  throw new StorageError('method_not_allowed');
}

/** The object, on behalf of the account that signed the URL. */
async function authenticated(
  { clock, callers, publicKey }: XmlApiParts,
  exchange: Exchange,
  place: Place,
): Promise<Target> {
  if (!isSigned(exchange.query)) {
    throw new StorageError(
      'access_denied',
      'Anonymous caller does not have access to the Google Cloud Storage object.',
    );
  }
  const email = await verifySignedRequest(exchange, clock.now(), publicKey);
  const caller = callers.find((known) => known.email === email);
  if (caller === undefined) throw new StorageError('invalid_security');
  const header: Readonly<Record<string, string>> = {
    ifGenerationMatch: 'x-goog-if-generation-match',
    ifMetagenerationMatch: 'x-goog-if-metageneration-match',
  };
  const conditions = parseConditions((name) => [exchange.headers[header[name] ?? ''] ?? []].flat()[0]);
  const generation = new URLSearchParams(exchange.query).get('generation');
  return { caller, ...place, conditions, ...(generation === null ? {} : { generation: Number(generation) }) };
}

/** What a signed URL may have the answer say instead of the object's own attributes. */
function overrides({ query }: Exchange): Record<string, string> {
  const asked = new Map(queryPairs(query));
  return sendable({
    'content-type': asked.get('response-content-type'),
    'content-disposition': asked.get('response-content-disposition'),
  });
}

function placeOf({ path, host }: Exchange): Place {
  const [, bucketLabel] = /^(.+)\.(?:localhost|storage\.googleapis\.com)(?::\d+)?$/.exec(host) ?? [];
  const decoded = path.slice(1).split('/').map(decode);
  if (bucketLabel !== undefined) return { bucket: bucketLabel, name: decoded.join('/') };
  const [bucket = '', ...name] = decoded;
  return { bucket, name: name.join('/') };
}

const rulesOf = (store: Store, bucket: string): readonly CorsRule[] => store.bucket(bucket).options.cors ?? [];
