import { createServer, type Server } from 'node:http';
import { CONSOLE_PATH } from '#shared/contract/console.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import type { RunningFunction } from '#shared/http/function.ts';
import { createRouter } from '#shared/http/router.ts';
import { LANDING_PAGE, LANDING_PAGE_POLICY } from './landing-page.ts';

/**
 * One address for all functions, like the load balancer in production: the route table maps a path to its function. An
 * unknown path goes to the first function; all of them answer it alike. The root shows a page about this machine, where
 * production has the console's front page.
 * @param functions read on every request, so functions may be added later
 */
export function createGateway(functions: readonly RunningFunction[]): Server {
  const routes = Object.entries(CONTRACT).flatMap(([name, list]) => list.map((route) => ({ route, name })));
  const find = createRouter(routes);
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

  const functionFor = (path: string): string | undefined => {
    for (const method of methods) {
      const match = find(method, path);
      if (match.kind === 'found') return match.bound.name;
    }
    return undefined;
  };

  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/' && (request.method === 'GET' || request.method === 'HEAD')) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...PAGE_HEADERS }).end(LANDING_PAGE);
      return;
    }
    // Cookies of the console, and the Origin that it checks, belong to the address that `npm start` prints.
    const { host = '' } = request.headers;
    if (path.startsWith(CONSOLE_PATH) && request.method === 'GET' && /^localhost(:|$)/.test(host)) {
      response.writeHead(302, { location: `http://${host.replace('localhost', '127.0.0.1')}${request.url}` }).end();
      return;
    }
    const name = functionFor(path);
    const serving = functions.find((one) => one.name === name) ?? functions[0];
    if (serving !== undefined) serving.server.emit('request', request, response);
    else response.writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '1' }).end(STARTING);
  });
  // Longer than clients keep a connection: on a busy machine they would send on one that has just been closed.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  return server;
}

const KEEP_ALIVE_MS = 65_000;

const PAGE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': LANDING_PAGE_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The port is taken before anything else is started. */
const STARTING = JSON.stringify({
  type: 'about:blank',
  title: 'Service Unavailable',
  status: 503,
  detail: 'The suite is starting.',
  code: 'dependency_unavailable',
});
