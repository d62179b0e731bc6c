import { createServer, type Server } from 'node:http';
import { CONTRACT } from '#shared/contract/index.ts';
import type { RunningFunction } from '#shared/http/function.ts';
import { createRouter } from '#shared/http/router.ts';

/**
 * One address for all functions, as the load balancer gives them in production: the route table says which function
 * a path belongs to. What belongs to none goes to the first, whose answer to it is the same as any other's.
 * @param functions may still grow: it is looked at with every request
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

  return createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const name = functionFor(path);
    const serving = functions.find((one) => one.name === name) ?? functions[0];
    serving?.server.emit('request', request, response);
  });
}
