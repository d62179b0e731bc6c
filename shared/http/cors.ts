import { admitsPeople } from '../model/principal.ts';
import type { HttpResponse, Route } from './route.ts';

type Headers = Readonly<Record<string, string>>;

/** The CORS policy of our routes (Fetch standard, CORS protocol). */
export interface Cors {
  /** Headers for every response of the route, including errors, so that a page can read the problem. */
  headersFor(route: Route, origin: string | undefined): Headers;
  /** The response to a preflight request; undefined when the origin is not allowed. */
  preflight(route: Route, origin: string | undefined): HttpResponse | undefined;
}

/** What a page may read of an answer beside the headers that every page may. */
const EXPOSED = 'date, link, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id';

/** Browsers cache a preflight response for at most two hours. */
const MAX_AGE_SECONDS = '7200';

/**
 * Public routes allow every origin. Routes of users and of seats allow the configured origins, compared exactly; other
 * routes allow none. CORS credentials (cookies) are never allowed: pages send tokens in a header.
 * @param origins as browsers send them, e.g. `https://app.example.com`
 */
export function createCors(origins: readonly string[]): Cors {
  const listed = new Set(origins);

  function headersFor(route: Route, origin: string | undefined): Headers {
    if (route.publicCors === true) return { 'access-control-allow-origin': '*' };
    const listable = route.listedCors === true || admitsPeople(route.access);
    if (listed.size === 0 || !listable) return {};
    // `vary` also for a rejected origin: a cache must not serve this response to another origin.
    if (origin === undefined || !listed.has(origin)) return { vary: 'origin' };
    return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'origin' };
  }

  return {
    headersFor,
    preflight(route, origin) {
      const headers = headersFor(route, origin);
      if (headers['access-control-allow-origin'] === undefined) return undefined;
      const sent = ['content-type', 'if-none-match', 'x-request-id'];
      if (route.publicCors !== true) sent.unshift('authorization', 'countersign-tenant', 'idempotency-key');
      return {
        status: 204,
        headers: {
          ...headers,
          'access-control-allow-methods': route.method,
          'access-control-allow-headers': sent.join(', '),
          'access-control-max-age': MAX_AGE_SECONDS,
        },
      };
    },
  };
}
