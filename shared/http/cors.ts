import { ROLES } from '../model/principal.ts';
import type { HttpResponse, Route } from './route.ts';

type Headers = Readonly<Record<string, string>>;

/** What web pages of other origins may do with our routes (Fetch standard, CORS protocol). */
export interface Cors {
  /** For every answer of the route, refusals too, so that a page can read why it was refused. */
  headersFor(route: Route, origin: string | undefined): Headers;
  /** What a browser asks before such a request; undefined when the page may not send it. */
  preflight(route: Route, origin: string | undefined): HttpResponse | undefined;
}

/** What a page may read of an answer beside the headers that every page may. */
const EXPOSED = 'link, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, x-request-id';

/** Browsers keep a preflight's answer for two hours at most, whatever it says. */
const MAX_AGE_SECONDS = '7200';

/** Services and the scheduler are no web pages; clients of seats are installed software. */
const USERS: ReadonlySet<string> = new Set(['staff', ...ROLES]);

/**
 * Public routes are open to every origin. Routes of users are open to the origins that are configured, to the letter;
 * everything else is closed. Credentials in the sense of CORS (cookies) are never allowed: tokens travel in a header
 * that the page sets itself.
 * @param origins as browsers write them, e.g. `https://app.example.com`
 */
export function createCors(origins: readonly string[]): Cors {
  const listed = new Set(origins);

  function headersFor(route: Route, origin: string | undefined): Headers {
    if (route.publicCors === true) return { 'access-control-allow-origin': '*' };
    if (listed.size === 0 || !route.access.some((one) => USERS.has(one))) return {};
    // Also for an origin that is refused: a cache must not hand its answer to another one.
    if (origin === undefined || !listed.has(origin)) return { vary: 'origin' };
    return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'origin' };
  }

  return {
    headersFor,
    preflight(route, origin) {
      const headers = headersFor(route, origin);
      if (headers['access-control-allow-origin'] === undefined) return undefined;
      const sent = ['content-type', 'if-none-match', 'x-request-id'];
      if (route.publicCors !== true) sent.unshift('authorization');
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
