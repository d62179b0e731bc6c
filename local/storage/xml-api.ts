import { queryPairs } from './canonical-request.ts';
import { parseConditions } from './conditions.ts';
import { corsHeaders, preflight } from './cors.ts';
import { download } from './download.ts';
import { isForm } from './form-data.ts';
import { uploadForm } from './form-upload.ts';
import { type Api, decode, type Exchange, type Operation } from './http.ts';
import type { CorsRule } from './model.ts';
import type { Target } from './objects.ts';
import { objectHeaders, sendable } from './representation.ts';
import { isSigned, verifySignedRequest } from './signed-request.ts';
import { StorageError, xmlError } from './storage-error.ts';
import type { Store } from './store.ts';
import type { XmlApiParts } from './xml-api-parts.ts';
import { put, sessionRoute, startResumable } from './xml-uploads.ts';

/** The object a URL names. */
export interface Place {
  readonly bucket: string;
  readonly name: string;
}

/**
 * Cloud Storage's XML API for holders of a V4 signed URL: GET, HEAD, PUT, DELETE and resumable uploads of one
 * object, and forms with a policy; path-style (`/BUCKET/OBJECT`) or with the bucket as the first label of the host name.
 */
export function createXmlApi(parts: XmlApiParts): Api {
  return {
    route(exchange) {
      const place = placeOf(exchange);
      if (exchange.method === 'OPTIONS') {
        return {
          name: 'preflight',
          run: async () => preflight(rulesOf(parts.store, place.bucket), fromPage(parts, exchange)),
        };
      }
      if (exchange.method === 'POST' && place.name === '' && isForm(exchange.headers['content-type'])) {
        return { name: 'form', run: (body) => uploadForm(parts, exchange, place.bucket, body) };
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
        return corsHeaders(rulesOf(parts.store, placeOf(exchange).bucket), fromPage(parts, exchange));
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

/**
 * Whoever goes on with a resumable upload is answered as the page that its session was started for, whatever page asks:
 * none, when the start had no Origin.
 */
function fromPage({ sessions }: XmlApiParts, exchange: Exchange): Exchange {
  const uploadId = new URLSearchParams(exchange.query).get('upload_id');
  if (uploadId === null) return exchange;
  return { ...exchange, headers: { ...exchange.headers, origin: sessions.originOf(uploadId) } };
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
