import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Limits } from '../limits/limits.ts';
import { rateLimited, rateLimitHeaders } from '../limits/rate-limit-status.ts';
import type { LogSink } from '../logging/cloud-logging.ts';
import { Fault } from '../model/errors.ts';
import type { ParsedJson } from '../model/json.ts';
import type { Logger } from '../model/logger.ts';
import type { Identity, Principal } from '../model/principal.ts';
import type { Authenticate } from './authenticate.ts';
import { type Authorise, TENANT_HEADER, type Wanted } from './authorise.ts';
import { readJsonBody, readRawBody } from './body.ts';
import { createCachedResponses } from './cached.ts';
import type { Cors } from './cors.ts';
import { createFrameworkServer } from './framework.ts';
import { toProblem } from './problem.ts';
import { parseQuery } from './query.ts';
import { clientIpOf, requestIdOf, traceFields } from './request-context.ts';
import { createRequestLog } from './request-log.ts';
import { logRequest, principalName, send } from './respond.ts';
import type { BoundRoute, HandlerInput, HttpResponse, Route } from './route.ts';
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

/** The part of the handler's input that does not depend on the route. */
interface Context
  extends Pick<
    HandlerInput<never, never, never>,
    'requestId' | 'clientIp' | 'setHeaders' | 'headers' | 'signal' | 'log'
  > {
  readonly startedAt: number;
}

/**
 * The HTTP server of one function. It finds the route, authenticates the caller, and reads, limits and checks the body
 * before the handler runs.
 */
export function createFunctionServer(options: FunctionServerOptions): Server {
  const route = createRouter(options.routes);
  const callers = new WeakMap<IncomingMessage, Identity>();
  const { name, projectId, sink } = options;
  const requestLog = createRequestLog(name, projectId, sink);
  const sendCached = createCachedResponses({ ...options, find: route, requestLog });
  const server = createFrameworkServer(name, (request, response) => {
    if (!sendCached(request, response)) void serve(request, response);
  });
  return harden(server);

  /** Sends one response to a request, whatever happens, and writes one log line. */
  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const context = contextOf(request, response);
    context.setHeaders({ 'x-request-id': context.requestId });
    try {
      const result = await handle(request, context);
      send(request, response, result);
      logAnswered(request, context, result.status);
    } catch (error) {
      await sendProblem(request, response, context, error);
    }
  }

  /** The line of an answer that is no failure costs a quarter of the logger's. */
  function logAnswered(request: IncomingMessage, context: Context, status: number): void {
    const caller = callers.get(request);
    if (status >= 500) logRequest(request, context, status, undefined, caller);
    else requestLog.write(request, { ...context, status, principal: principalName(caller) });
  }

  async function sendProblem(
    request: IncomingMessage,
    response: ServerResponse,
    context: Context,
    thrown: unknown,
  ): Promise<void> {
    const stranger = !callers.has(request);
    const asThrown = { error: thrown, headers: {} };
    const failure = stranger
      ? await options.limits.throttleFailure(context.clientIp, thrown).catch(() => asThrown)
      : asThrown;
    context.setHeaders(failure.headers);
    const problem = toProblem(failure.error, context.requestId);
    const gone = context.signal.aborted; // read before the response is sent, since the client may disconnect after it
    send(request, response, problem);
    logRequest(request, context, gone ? CALLER_GONE : problem.status, failure.error, callers.get(request));
  }

  async function handle(request: IncomingMessage, context: Context): Promise<HttpResponse> {
    const { path, search } = splitTarget(request);
    if (isHealth(request, path)) return { status: 200, body: { status: 'ok' } };
    const preflight = preflightFor(request, path);
    if (preflight !== undefined) return preflight;
    const { bound, params } = find(request, path, context);
    context.setHeaders(options.cors.headersFor(bound.route, request.headers.origin));
    const principal = await admit(bound.route, request, context, params['tenant_id']);
    const query = parseQuery(search);
    const body = bound.route.body === undefined ? undefined : await readBody(bound.route, request);
    const more = (bound.route.countsAs?.(body?.value) ?? 1) - 1;
    if (more > 0) await count(request, context, more);
    return bound.handle({ ...context, params, query, principal, body: body?.value, inexact: body?.inexact ?? [] });
  }

  function find(request: IncomingMessage, path: string, { setHeaders }: Context) {
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
  async function admit(
    target: Route,
    request: IncomingMessage,
    { setHeaders, headers }: Context,
    inPath: string | undefined,
  ): Promise<Principal> {
    if (target.access.includes('anyone')) return { kind: 'anyone' };
    const identity = await options.authenticate(request.headers.authorization);
    const wanted = { route: target, named: headers[TENANT_HEADER], inPath };
    if (identity.kind === 'portal') return admitPortal(identity, request, { setHeaders }, wanted);
    callers.set(request, identity);
    // What a configured account may do is known here; a person's document is a read, which the limit bounds.
    const known = identity.kind === 'user' ? undefined : await options.authorise(identity, wanted);
    await count(request, { setHeaders }, 1);
    return known ?? options.authorise(identity, wanted);
  }

  /** A portal's token is known to be one of ours when its document is read: until then it is a stranger's guess. */
  async function admitPortal(
    identity: Identity,
    request: IncomingMessage,
    context: Pick<Context, 'setHeaders'>,
    wanted: Wanted,
  ): Promise<Principal> {
    const principal = await options.authorise(identity, wanted);
    callers.set(request, identity);
    await count(request, context, 1);
    return principal;
  }

  /** Counts requests against the caller's limit. @throws Fault `rate_limited` */
  async function count(
    request: IncomingMessage,
    { setHeaders }: Pick<Context, 'setHeaders'>,
    requests: number,
  ): Promise<void> {
    const identity = callers.get(request);
    const allowance = identity && (await options.limits.take(identity, requests));
    if (allowance !== undefined) setHeaders(rateLimitHeaders(allowance));
    if (allowance?.allowed === false) throw rateLimited(allowance);
  }

  function contextOf(request: IncomingMessage, response: ServerResponse): Context {
    const requestId = requestIdOf(request);
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    return {
      requestId,
      clientIp: clientIpOf(request, options.clientIpHeader),
      setHeaders(headers: Readonly<Record<string, string>>) {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      },
      headers: flatHeaders(request),
      signal: gone.signal,
      log: options.log.with({ request_id: requestId, ...traceFields(request, options.projectId) }),
      startedAt: performance.now(),
    };
  }
}

async function readBody(route: Route, request: IncomingMessage): Promise<ParsedJson> {
  const { bodyLimit: limit = DEFAULT_BODY_LIMIT, verbatim, bodyOptional = false, rawBody = false } = route;
  if (rawBody) return { value: await readRawBody(request, { limit }), inexact: [] };
  if (bodyOptional && !hasBody(request)) return { value: {}, inexact: [] };
  return readJsonBody(request, { limit, ...(verbatim === undefined ? {} : { verbatim }) });
}

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

function flatHeaders({ headers }: IncomingMessage): Readonly<Record<string, string | undefined>> {
  if (areFlat(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** Node joins the values of every header but this one. */
const areFlat = (headers: IncomingHttpHeaders): headers is Record<string, string | undefined> =>
  headers['set-cookie'] === undefined;

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
