import * as z from 'zod';
import type { Authenticate } from '#shared/http/authenticate.ts';
import { createAuthorise } from '#shared/http/authorise.ts';
import { createCors } from '#shared/http/cors.ts';
import { type BoundRoute, defineRoute } from '#shared/http/route.ts';
import { createFunctionServer } from '#shared/http/server.ts';
import { bind } from '#shared/http/validate.ts';
import { createLimits } from '#shared/limits/limits.ts';
import { createLogger } from '#shared/logging/cloud-logging.ts';
import { systemClock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { listening } from './raw-http.ts';

export const BODY_LIMIT = 1000;
/** What must never be told: it is in the error that one of the routes throws. */
export const SECRET = 'hunter2-in-an-error';

const responses = { 200: { description: 'Done' } };
const route = (method: 'GET' | 'POST' | 'DELETE', path: string) => ({
  id: `${method} ${path}`,
  method,
  path,
  access: ['anyone'] as const,
  summary: 'A route of a test',
  responses,
});
const body = z.strictObject({ text: z.string() });

const routes: readonly BoundRoute[] = [
  bind(defineRoute({ ...route('POST', '/echo'), body, bodyLimit: BODY_LIMIT }), (input) => ({
    status: 201,
    body: { text: input.body.text },
  })),
  bind(defineRoute(route('GET', '/echo')), () => ({ status: 200, body: { read: true }, headers: { etag: '"1"' } })),
  bind(
    defineRoute({ ...route('GET', '/things/{id}'), params: z.object({ id: z.string().regex(/^[a-z]+$/) }) }),
    ({ params, principal }) => ({ status: 200, body: { id: params.id, kind: principal.kind } }),
  ),
  bind(
    defineRoute({ ...route('GET', '/search'), query: z.strictObject({ q: z.string().optional() }) }),
    ({ query }) => ({ status: 200, body: query }),
  ),
  bind(defineRoute({ ...route('GET', '/mine'), access: ['service:sign', 'admin'] }), ({ principal }) => ({
    status: 200,
    body: { principal },
  })),
  bind(defineRoute(route('GET', '/broken')), () => {
    throw new Error(SECRET, { cause: new Error(`${SECRET} below`) });
  }),
  bind(defineRoute(route('GET', '/later')), () => {
    throw new Fault('signing_unavailable', 'Later.', { retryAfter: 9, cause: new Error(SECRET) });
  }),
  bind(defineRoute(route('DELETE', '/nothing')), () => ({ status: 204 })),
  bind(defineRoute(route('GET', '/pem')), () => ({
    status: 200,
    body: 'PEM é',
    headers: { 'content-type': 'application/x-pem-file', 'cache-control': 'public, max-age=60' },
  })),
];

/** Knows two tokens. */
const authenticate: Authenticate = async (authorization) => {
  switch (authorization) {
    case 'Bearer service-token':
      return { kind: 'service', email: 's@p.example', scopes: ['sign'], urlTenants: undefined };
    case 'Bearer scheduler-token':
      return { kind: 'scheduler', email: 'c@p.example' };
    default:
      throw new Fault('unauthenticated', 'A bearer token is required.');
  }
};

let served = 0;

/** The routes above behind the server that production uses, until the test ends. */
/** @param origins of web pages that may call the routes of users */
export async function serveFunction(origins: readonly string[] = []) {
  const lines: string[] = [];
  served += 1;
  const server = createFunctionServer({
    name: `test-${served}`,
    routes,
    authenticate,
    authorise: createAuthorise({
      people: undefined,
      staff: { secondFactor: 'required', maxAge: 3_600_000 },
      clock: systemClock,
    }),
    log: createLogger(`test-${served}`, (line) => lines.push(line)),
    sink: (line) => lines.push(line),
    projectId: 'p',
    limits: createLimits({
      counter: undefined,
      clock: systemClock,
      log: silentLogger,
      callerLimit: 1000,
      strangerLimit: 100,
    }),
    cors: createCors(origins),
    clientIpHeader: undefined,
  });
  const port = await listening(server);
  const url = `http://127.0.0.1:${port}`;
  return { port, lines, call: (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init) };
}
