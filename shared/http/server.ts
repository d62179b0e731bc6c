import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { Limits } from '../limits/limits.ts';
import { standingHeaders, tooMany } from '../limits/standing.ts';
import { Fault, isFault } from '../model/errors.ts';
import { admits, type Principal } from '../model/principal.ts';
import type { Authenticate } from './authenticate.ts';
import { readJsonBody } from './body.ts';
import type { Logger, Severity } from './log.ts';
import { toProblem } from './problem.ts';
import { clientIpOf, requestIdOf, traceFields } from './request-context.ts';
import type { Answer, BoundRoute, HandlerInput, Route } from './route.ts';
import { createRouter } from './router.ts';

export interface FunctionServerOptions {
  readonly name: string;
  readonly routes: readonly BoundRoute[];
  readonly authenticate: Authenticate;
  readonly log: Logger;
  readonly projectId: string;
  readonly limits: Limits;
  /** The header in which the load balancer puts the client's address; undefined where there is none in front. */
  readonly clientIpHeader: string | undefined;
}

const DEFAULT_BODY_LIMIT = 64 * 1024;

/** What is known of a request before its route is. */
type Context = Pick<HandlerInput<never, never, never>, 'requestId' | 'clientIp' | 'log' | 'tell'> & {
  readonly startedAt?: number;
};

/** What a request has been found to ask for, kept from our front to the framework's invocation. */
interface Admitted {
  readonly bound: BoundRoute;
  readonly input: HandlerInput<unknown, unknown, unknown>;
}

/**
 * The HTTP server of one function. functions-framework invokes the handler, but only after our own front has found
 * the route, authenticated the caller, and read, limited and checked the body: the framework's parsers take a
 * gigabyte and answer faults in HTML. Requests that we refuse never reach it.
 */
export function createFunctionServer(options: FunctionServerOptions): Server {
  const route = createRouter(options.routes);
  const admitted = new WeakMap<IncomingMessage, Admitted>();

  http(options.name, async (request, response) => {
    const entry = admitted.get(request);
    if (entry === undefined) throw new TypeError('a request came past the front');
    await answering(request, response, entry.input, () => entry.bound.handle(entry.input));
  });
  const server = getTestServer(options.name);
  const [framework] = server.listeners('request');
  if (framework === undefined) throw new TypeError('functions-framework has changed: it listens to no request');
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => void front(request, response));
  return harden(server);

  async function front(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const context = contextOf(request, response);
    response.setHeader('x-request-id', context.requestId);
    await answering(request, response, context, async () => {
      const [path = '', search = ''] = (request.url ?? '').split('?', 2);
      if (isHealth(request, path)) return { status: 200, body: { status: 'ok' } };
      const preflight = preflightFor(request, path);
      if (preflight !== undefined) return preflight;
      const match = route(request.method ?? '', path);
      if (match.kind === 'not_found') throw new Fault('not_found', 'There is nothing at this address.');
      if (match.kind === 'method_not_allowed') {
        response.setHeader('allow', match.allow.join(', '));
        throw new Fault('method_not_allowed', `Use ${match.allow.join(' or ')}.`);
      }
      const { bound, params } = match;
      if (bound.route.publicCors === true) response.setHeader('access-control-allow-origin', '*');
      const principal = await admit(bound.route, request);
      const standing = await options.limits.take(principal);
      if (standing !== undefined) context.tell(standingHeaders(standing));
      if (standing?.allowed === false) throw tooMany(standing);
      const query = Object.fromEntries(new URLSearchParams(search));
      const body = bound.route.body === undefined ? undefined : await readBody(bound.route, request);
      const input = { ...context, params, query, principal, body: body?.value, inexact: body?.inexact ?? [] };
      admitted.set(request, { bound, input });
      delegate(request, response);
      return undefined;
    });
  }

  /** What a browser asks before a request of another origin (Fetch standard, CORS protocol), for public routes only. */
  function preflightFor(request: IncomingMessage, path: string): Answer | undefined {
    const wanted = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || wanted === undefined) return undefined;
    const match = route(wanted, path);
    if (match.kind !== 'found' || match.bound.route.publicCors !== true) return undefined;
    const headers = {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': match.bound.route.method,
      'access-control-allow-headers': 'content-type, if-none-match, x-request-id',
      'access-control-max-age': '86400',
    };
    return { status: 204, headers };
  }

  /** Somebody whose token was good is no guesser, whatever it asks for. */
  function isStranger(request: IncomingMessage): boolean {
    const principal = admitted.get(request)?.input.principal;
    return principal === undefined || principal.kind === 'anyone';
  }

  /** The body is ours already: without these headers the framework's parsers leave the request alone. */
  function delegate(request: IncomingMessage, response: ServerResponse): void {
    for (const name of ['content-type', 'content-length', 'transfer-encoding', 'content-encoding']) {
      delete request.headers[name];
    }
    Reflect.apply(framework ?? (() => undefined), server, [request, response]);
  }

  async function admit(target: Route, request: IncomingMessage): Promise<Principal> {
    if (target.access.includes('anyone')) return { kind: 'anyone' };
    const principal = await options.authenticate(request.headers.authorization);
    if (!admits(target.access, principal)) throw new Fault('forbidden', 'This caller may not do that.');
    return principal;
  }

  function contextOf(request: IncomingMessage, response: ServerResponse) {
    const requestId = requestIdOf(request);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    return {
      requestId,
      clientIp: clientIpOf(request, options.clientIpHeader),
      tell(headers: Readonly<Record<string, string>>) {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      },
      headers: flatHeaders(request),
      signal: gone.signal,
      log: options.log.with({ request_id: requestId, ...traceFields(request, options.projectId) }),
      startedAt: performance.now(),
    };
  }

  /** Runs one step, sends what it answers or throws, and writes the request's log line once it is sent. */
  async function answering(
    request: IncomingMessage,
    response: ServerResponse,
    context: Context,
    step: () => Promise<Answer | undefined>,
  ): Promise<void> {
    try {
      const answer = await step();
      if (answer === undefined) return;
      send(request, response, answer);
      logRequest(request, context, answer.status, undefined);
    } catch (thrown) {
      const { error, headers } = isStranger(request)
        ? await options.limits.refusal(context.clientIp, thrown)
        : { error: thrown, headers: undefined };
      if (headers !== undefined) context.tell(headers);
      const problem = toProblem(error, context.requestId);
      send(request, response, problem);
      logRequest(request, context, problem.status, error);
    }
  }
}

const readBody = (route: Route, request: IncomingMessage) =>
  readJsonBody(request, route.bodyLimit ?? DEFAULT_BODY_LIMIT);

const isHealth = (request: IncomingMessage, path: string) =>
  /^\/health\/?$/.test(path) && (request.method === 'GET' || request.method === 'HEAD');

function flatHeaders(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const body = encode(answer.body);
  const headers: Record<string, string | number> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...answer.headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    // A body that we did not take up to its end would be read as the next request.
    ...(request.complete ? {} : { connection: 'close' }),
  };
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function encode(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
}

function logRequest(request: IncomingMessage, context: Context, status: number, error: unknown): void {
  const [path] = (request.url ?? '').split('?');
  context.log.log(severityOf(status, error), 'request', {
    httpRequest: {
      requestMethod: request.method,
      requestUrl: path,
      status,
      remoteIp: context.clientIp,
      userAgent: request.headers['user-agent'],
      ...(context.startedAt === undefined
        ? {}
        : { latency: `${((performance.now() - context.startedAt) / 1000).toFixed(4)}s` }),
    },
    ...(error === undefined ? {} : { error }),
  });
}

function severityOf(status: number, error: unknown): Severity {
  if (status >= 500) return 'ERROR';
  return error !== undefined && !isFault(error) ? 'ERROR' : 'INFO';
}

/** Time limits against callers who send slowly, and no answer in another form than ours for broken HTTP. */
function harden(server: Server): Server {
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 620_000; // longer than the load balancer's 600 s, or it meets closed connections
  server.maxHeadersCount = 100;
  return server;
}
