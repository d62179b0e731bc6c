import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Cors } from './cors.ts';
import { clientIpOf, requestIdOf } from './request-context.ts';
import type { RequestLog } from './request-log.ts';
import { headersOf, isShared, principalName } from './respond.ts';
import type { BoundRoute, HttpResponse } from './route.ts';
import type { RouteMatch } from './router.ts';

/** Whoever asks for what everybody may have. */
const NOBODY = principalName(undefined);

export interface CachedResponsesOptions {
  readonly routes: readonly BoundRoute[];
  readonly find: (method: string, path: string) => RouteMatch<BoundRoute>;
  readonly cors: Cors;
  readonly requestLog: RequestLog;
  readonly clientIpHeader: string | undefined;
}

/** The encoded response, without the headers that differ between requests. */
interface Encoded {
  readonly headers: Readonly<Record<string, string | number>>;
  /** A string, which Node sends together with the headers in one write; bytes would need a second write. */
  readonly body: string | undefined;
}

/**
 * Sends cached responses before authentication and request context, which take more time than the rest of such a
 * response. The response and its log line are the same as on the ordinary path.
 * @returns whether the response was sent; if not, the request takes the ordinary path
 * @throws TypeError at construction for a route with cached responses that is not open to anyone
 */
export function createCachedResponses(
  options: CachedResponsesOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const cacheable = options.routes.filter(({ cached }) => cached !== undefined);
  const guarded = cacheable.find(({ route }) => !route.access.includes('anyone') || route.body !== undefined);
  if (guarded !== undefined)
    throw new TypeError(`${guarded.route.id} has a cached response, so it must be open to anyone and take no body`);
  if (cacheable.length === 0) return () => false;
  const encoded = new WeakMap<HttpResponse, Encoded>();

  function encode(result: HttpResponse): Encoded {
    const known = encoded.get(result);
    if (known !== undefined) return known;
    const body = result.body === undefined ? undefined : String(result.body);
    const made = { headers: headersOf(result, body), body };
    encoded.set(result, made);
    return made;
  }

  return (request, response) => {
    const startedAt = performance.now();
    const { method = '', url = '' } = request;
    if (url.includes('?') || hasBody(request)) return false; // needs validation
    const match = options.find(method, url);
    if (match.kind !== 'found') return false;
    const { bound, params } = match;
    const result = bound.cached?.({ params, headers: request.headers });
    if (result === undefined) return false;
    const { headers, body } = encode(result);
    const requestId = requestIdOf(request);
    response.writeHead(result.status, {
      ...headers,
      ...options.cors.headersFor(bound.route, request.headers.origin),
      ...(isShared(result) ? {} : { 'x-request-id': requestId }),
    });
    response.end(method === 'HEAD' ? undefined : body);
    const clientIp = clientIpOf(request, options.clientIpHeader);
    options.requestLog.write(request, { requestId, clientIp, startedAt, status: result.status, principal: NOBODY });
    return true;
  };
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
