import { CONTRACT } from '#shared/contract/index.ts';

/** No script, no style from elsewhere; the links are the page. */
export const LANDING_PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Destination {
  readonly path: string;
  readonly says: string;
}

/** Shown as far as the suite has such a route. */
const DESTINATIONS: readonly Destination[] = [
  { path: '/console', says: 'The console: licences, seats and members.' },
  { path: '/api/docs', says: 'The API, route by route, to be tried out from the page.' },
  { path: '/api/openapi.json', says: 'The same as an OpenAPI document.' },
  { path: '/.well-known/countersign-keys.json', says: 'The signed list of keys.' },
  { path: '/api/v1/root-keys.pem', says: 'The root key, to be pinned in a client.' },
  { path: '/.well-known/jwks.json', says: 'The public keys, as a JWKS.' },
];

const paths = new Set(
  Object.values(CONTRACT)
    .flat()
    .map(({ path }) => path),
);

/** Whether the suite serves this path. */
export const isServed = (path: string): boolean => paths.has(path);

/** What a browser finds at the gateway's root, in place of a 404. */
export const LANDING_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Countersign</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
  dt { margin-top: 1rem } dd { margin: 0 } code { font-size: .9em }
  @media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } a { color: #8bf } }
</style>
<h1>Countersign</h1>
<p>The whole suite runs on this machine. Nothing here leaves it, and nothing here is secret.</p>
<dl>
${DESTINATIONS.filter(({ path }) => isServed(path))
  .map(({ path, says }) => `<dt><a href="${path}">${path}</a></dt><dd>${says}</dd>`)
  .join('\n')}
</dl>
<p>A licence key and a token for every kind of caller are in <code>.local/stack.json</code>; <code>README.md</code> shows
a seat being acquired, kept, verified and given back.</p>
</html>
`;
