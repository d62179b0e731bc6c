import type { IncomingMessage, Server } from 'node:http';
import type { Limits } from '../limits/limits.ts';
import { rateLimited, rateLimitHeaders } from '../limits/rate-limit-status.ts';
import type { LogSink } from '../logging/cloud-logging.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Identity, Principal } from '../model/principal.ts';
import type { Authenticate } from './authenticate.ts';
import { type Authorise, TENANT_HEADER, type Wanted } from './authorise.ts';
import { parseBody, readRawBody } from './body.ts';
import { createCachedResponses } from './cached.ts';
import type { Cors } from './cors.ts';
import { createDeadlines } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { createFrameworkServer } from './framework.ts';
import { toProblem } from './problem.ts';
import { parseQuery } from './query.ts';
import { createRequestLog } from './request-log.ts';
import { logRequest, principalName, send } from './respond.ts';
import type { BoundRoute, HttpResponse, Route } from './route.ts';
import { createRouter } from './router.ts';

export interface FunctionServerOptions {
  readonly name: string;
  readonly routes: readonly BoundRoute[];
  readonly authenticate: Authenticate;
  readonly authorise: Authorise;
  readonly log: Logger;
  /** Receives the log lines of cached responses. Default: standard output. */
  readonly sink?: LogSink | undefined;
  readonly projectId: string;
  readonly limits: Limits;
  readonly cors: Cors;
  /** The header in which the load balancer sends the client's address; undefined without a load balancer. */
  readonly clientIpHeader: string | undefined;
}

/** The status in the log when the client disconnected, as nginx and Google log it; it is not a failure of ours. */
const CALLER_GONE = 499;
const DEFAULT_BODY_LIMIT = 64 * 1024;

/**
 * The HTTP server of one function. It finds the route, authenticates the caller, and reads, limits and checks the body
 * before the handler runs.
 */
export function createFunctionServer(options: FunctionServerOptions): Server {
  const route = createRouter(options.routes);
  const { name, projectId, sink } = options;
  const deadlines = createDeadlines();
  const requestLog = createRequestLog(name, projectId, sink);
  const sendCached = createCachedResponses({ ...options, find: route, requestLog });
  const server = createFrameworkServer(name, (request, response) => {
    if (!sendCached(request, response)) void serve(new Exchange(request, response, options));
  });
  return harden(server);

  /** Sends one response to a request, whatever happens, and writes one log line. */
  async function serve(exchange: Exchange): Promise<void> {
    try {
      const result = await handle(exchange);
      send(exchange.request, exchange.response, result, exchange.responseHeaders);
      logAnswered(exchange, result.status);
    } catch (error) {
      await sendProblem(exchange, error);
    }
  }

  /** The line of an answer that is no failure costs a quarter of the logger's. */
  function logAnswered(exchange: Exchange, status: number): void {
    const { request, caller, requestId, clientIp, startedAt } = exchange;
    if (status >= 500) logRequest(request, exchange, status, undefined, caller);
    else requestLog.write(request, { requestId, clientIp, startedAt, status, principal: principalName(caller) });
  }

  async function sendProblem(exchange: Exchange, thrown: unknown): Promise<void> {
    const { request, response, caller } = exchange;
    const asThrown = { error: thrown, headers: {} };
    const failure =
      caller === undefined
        ? await options.limits.throttleFailure(exchange.clientIp, thrown).catch(() => asThrown)
        : asThrown;
    exchange.setHeaders(failure.headers);
    const problem = toProblem(failure.error, exchange.requestId);
    const gone = exchange.isGone; // read before the response is sent, since the client may disconnect after it
    send(request, response, problem, exchange.responseHeaders);
    logRequest(request, exchange, gone ? CALLER_GONE : problem.status, failure.error, caller);
  }

  async function handle(exchange: Exchange): Promise<HttpResponse> {
    const { request } = exchange;
    const { path, search } = splitTarget(request);
    if (isHealth(request, path)) return { status: 200, body: { status: 'ok' } };
    const preflight = preflightFor(request, path);
    if (preflight !== undefined) return preflight;
    const { bound, params } = find(exchange, path);
    exchange.setHeaders(options.cors.headersFor(bound.route, request.headers.origin));
    if (!isOpen(bound.route)) exchange.principal = await admit(bound.route, exchange, params['tenant_id']);
    exchange.params = params;
    exchange.query = parseQuery(search);
    if (bound.route.body !== undefined) await readBody(bound.route, exchange);
    const more = (bound.route.countsAs?.(exchange.body) ?? 1) - 1;
    if (more > 0) await count(exchange, more);
    return bound.handle(exchange);
  }

  async function readBody(target: Route, exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const { bodyLimit: limit = DEFAULT_BODY_LIMIT, verbatim, bodyOptional = false, rawBody = false } = target;
    if (bodyOptional && !rawBody && !hasBody(request)) {
      exchange.body = {};
      return;
    }
    const bytes = await readRawBody(request, { limit, deadlines });
    if (rawBody) {
      exchange.body = bytes;
      return;
    }
    const { value, inexact } = parseBody(bytes, verbatim === undefined ? {} : { verbatim });
    exchange.body = value;
    exchange.inexact = inexact;
  }

  function find({ request, setHeaders }: Exchange, path: string) {
    const match = route(request.method ?? '', path);
    switch (match.kind) {
      case 'found':
        return match;
      case 'not_found':
        throw new Fault('not_found', 'No route has this path.');
      case 'method_not_allowed':
        setHeaders({ allow: match.allow.join(', ') });
        throw new Fault('method_not_allowed', `Use ${match.allow.join(' or ')}.`);
      default:
        return match satisfies never;
    }
  }

  function preflightFor(request: IncomingMessage, path: string): HttpResponse | undefined {
    const wanted = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || wanted === undefined) return undefined;
    const match = route(wanted, path);
    return match.kind === 'found' ? options.cors.preflight(match.bound.route, request.headers.origin) : undefined;
  }

  /** Authenticates the caller, counts the request against its limit, and checks its access to the route. */
  async function admit(target: Route, exchange: Exchange, inPath: string | undefined): Promise<Principal> {
    const { request, headers } = exchange;
    const identity = await options.authenticate(request.headers.authorization);
    const wanted = { route: target, named: headers[TENANT_HEADER], inPath };
    if (identity.kind === 'portal') return admitPortal(identity, exchange, wanted);
    exchange.caller = identity;
    // What a configured account may do is known here; a person's document is a read, which the limit bounds.
    const known = identity.kind === 'user' ? undefined : await options.authorise(identity, wanted);
    await count(exchange, 1);
    return known ?? options.authorise(identity, wanted);
  }

  /** A portal's token is known to be one of ours when its document is read: until then it is a stranger's guess. */
  async function admitPortal(identity: Identity, exchange: Exchange, wanted: Wanted): Promise<Principal> {
    const principal = await options.authorise(identity, wanted);
    exchange.caller = identity;
    await count(exchange, 1);
    return principal;
  }

  /** Counts requests against the caller's limit. @throws Fault `rate_limited` */
  async function count({ caller, setHeaders }: Exchange, requests: number): Promise<void> {
    const allowance = caller && (await options.limits.take(caller, requests));
    if (allowance !== undefined) setHeaders(rateLimitHeaders(allowance));
    if (allowance?.allowed === false) throw rateLimited(allowance);
  }
}

const isOpen = ({ access }: Route) => access.includes('anyone');

/** RFC 9112, section 6: a request has a body when one of these headers says so. */
const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Splits the target without `URL`, which takes a path that begins with two slashes for a host. */
function splitTarget({ url = '' }: IncomingMessage): { path: string; search: string } {
  const cut = url.indexOf('?');
  return cut < 0 ? { path: url, search: '' } : { path: url.slice(0, cut), search: url.slice(cut + 1) };
}

const isHealth = (request: IncomingMessage, path: string) =>
  /^\/health\/?$/.test(path) && (request.method === 'GET' || request.method === 'HEAD');

/** Milliseconds between two looks for connections whose headers or whole request are late. Node's default is 30 s. */
const CHECKING_INTERVAL = 1_000;

/**
 * Sets timeouts against slow senders; a body has a deadline of its own, in body.ts. Node itself answers malformed HTTP
 * with a bare 400.
 */
function harden(server: Server): Server {
  server.headersTimeout = 10_000;
  server.requestTimeout = 90_000;
  // Read when the server begins to listen; no public type has it outside the constructor, which the framework calls.
  Reflect.set(server, 'connectionsCheckingInterval', CHECKING_INTERVAL);
  server.keepAliveTimeout = 620_000; // longer than the load balancer's 600 s, so that it never reuses a closed connection
  server.maxHeadersCount = 100;
  return server;
}
