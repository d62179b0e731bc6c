import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFault } from '../model/errors.ts';
import type { Logger, Severity } from '../model/logger.ts';
import type { HttpResponse } from './route.ts';

/** What a browser must not do with an answer that somebody opens as a page; the one real page brings its own. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** Two years, as browsers' preload lists ask for; over plain HTTP, as on a developer's machine, it is ignored. */
const HTTPS_ONLY = 'max-age=63072000';

/** Sends an answer, once; the defaults are the careful ones. */
export function send(request: IncomingMessage, response: ServerResponse, answer: HttpResponse): void {
  if (response.headersSent || response.destroyed) return;
  const body = encode(answer.body);
  const sent = request.method === 'HEAD' ? undefined : body;
  response.writeHead(answer.status, headersOf(answer, body));
  if (request.complete) {
    response.end(sent);
    return;
  }
  if (sent !== undefined) response.write(sent);
  discard(request, () => response.end());
}

/** The headers that depend on the answer alone. */
export function headersOf(answer: HttpResponse, body: string | Buffer | undefined): Record<string, string | number> {
  return {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': HTTPS_ONLY,
    'x-content-type-options': 'nosniff',
    // Not without a body: a cache would write the headers of a 304 over those of the page it has kept.
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-security-policy': NO_PAGE }),
    ...answer.headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
}

/** How much of a body that is refused we read and throw away. */
const MAX_DISCARDED = 32 * 1024 * 1024;

/**
 * Reads on to the end of a body that nobody wants. A connection closed before that would lose our answer on its way
 * to a caller that sends everything before it reads anything.
 */
function discard(request: IncomingMessage, ended: () => void): void {
  let discarded = 0;
  request.once('close', ended);
  request.once('end', ended);
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > MAX_DISCARDED) request.destroy();
  });
}

function encode(body: unknown): string | Buffer | undefined {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return body;
  return JSON.stringify(body);
}

/** The one line that a request leaves in the log. */
export function logRequest(
  request: IncomingMessage,
  context: { readonly log: Logger; readonly clientIp: string; readonly startedAt: number },
  status: number,
  error: unknown,
): void {
  const [path = ''] = (request.url ?? '').split('?');
  context.log.log(severityOf(status, error), 'request', {
    httpRequest: {
      requestMethod: request.method,
      requestUrl: withoutSecrets(path),
      status,
      remoteIp: context.clientIp,
      userAgent: request.headers['user-agent'],
      latency: `${((performance.now() - context.startedAt) / 1000).toFixed(4)}s`,
    },
    ...(error === undefined ? {} : { error }),
  });
}

/** A session's id holds its seat, and one route takes it in its path: what stays is the licence that it names. */
const withoutSecrets = (path: string): string => path.replace(/(lic_\w{12}(?:\.|%2e))[^/]+/gi, '$1…');

function severityOf(status: number, error: unknown): Severity {
  if (status >= 500) return 'ERROR';
  return error !== undefined && !isFault(error) ? 'ERROR' : 'INFO';
}
