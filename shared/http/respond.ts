import type { IncomingMessage, ServerResponse } from 'node:http';
import { type InvalidMember, isFault, UNKNOWN_MEMBER } from '../model/errors.ts';
import type { Logger, Severity } from '../model/logger.ts';
import type { Identity } from '../model/principal.ts';
import type { HttpResponse } from './route.ts';
import { safePath } from './safe-path.ts';

/** Content security policy of responses that are not pages. The documentation page sets its own. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";

/** Two years, as browsers' preload lists require. Browsers ignore it over plain HTTP. */
const HTTPS_ONLY = 'max-age=63072000';

/**
 * Sends a response, unless one was already sent. Default headers are the restrictive ones.
 * @param headers of this response, beside those of the result. Headers that are set one by one cost twice as much
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  result: HttpResponse,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = encode(result.body);
  const sent = request.method === 'HEAD' ? undefined : body;
  response.writeHead(result.status, {
    ...(isShared(result) ? withoutRequestId(headers) : headers),
    ...(result.cookies === undefined ? undefined : { 'set-cookie': [...result.cookies] }),
    ...headersOf(result, body),
  });
  if (request.complete) {
    response.end(sent);
    return;
  }
  if (sent !== undefined) response.write(sent);
  discard(request, () => response.end());
}

/** Whether caches may give the answer to other callers: then nothing of this caller may be in it. */
export const isShared = ({ headers }: HttpResponse): boolean =>
  headers?.['cache-control']?.startsWith('public') ?? false;

function withoutRequestId(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'x-request-id': _, ...shareable } = headers;
  return shareable;
}

/** The headers that depend on the response only. */
export function headersOf(result: HttpResponse, body: string | Buffer | undefined): Record<string, string | number> {
  return {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': HTTPS_ONLY,
    'x-content-type-options': 'nosniff',
    // Only with a body: a cache would overwrite the headers of its stored page with those of a 304.
    ...(body === undefined ? undefined : { 'content-type': 'application/json', 'content-security-policy': NO_PAGE }),
    ...result.headers,
    ...(body === undefined ? undefined : { 'content-length': Buffer.byteLength(body) }),
  };
}

/** Bytes and milliseconds of a rejected body that are read and discarded. */
const MAX_DISCARDED = 32 * 1024 * 1024;
const DISCARDED_WITHIN = 5_000;

/**
 * Reads and discards the rest of a rejected body, for a while. If the connection closed earlier, a client that sends its
 * whole request before it reads would lose our response; if it stayed open, slow senders would hold our places.
 */
function discard(request: IncomingMessage, ended: () => void): void {
  let discarded = 0;
  const timer = setTimeout(() => request.destroy(), DISCARDED_WITHIN);
  request.once('close', () => {
    clearTimeout(timer);
    ended();
  });
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

/**
 * Writes the log line of a request.
 * @param caller who asked, as a verified token says; undefined for nobody
 */
export function logRequest(
  request: IncomingMessage,
  context: { readonly log: Logger; readonly clientIp: string; readonly startedAt: number },
  status: number,
  error: unknown,
  caller: Identity | undefined,
): void {
  const [path = ''] = (request.url ?? '').split('?');
  context.log.log(severityOf(status, error), 'request', {
    principal: principalName(caller),
    httpRequest: {
      requestMethod: request.method,
      requestUrl: safePath(path),
      status,
      remoteIp: context.clientIp,
      userAgent: request.headers['user-agent'],
      latency: `${((performance.now() - context.startedAt) / 1000).toFixed(4)}s`,
    },
    ...(error === undefined ? {} : { error: withoutNames(error) }),
  });
}

/** An error without the names that the caller has given to members: a key pasted in the wrong place would be one. */
function withoutNames(error: unknown): unknown {
  if (!isFault(error) || error.errors === undefined) return error;
  const { name, code, errors } = error;
  return { name, code, message: errors.map(withoutName).join('; ') };
}

/** Of a path the first name is ours, unless it is unknown. */
function withoutName({ path, message }: InvalidMember): string {
  const [first = '', ...deeper] = path.split('.');
  if (deeper.length > 0) return `${first}.…: ${message}`;
  return message === UNKNOWN_MEMBER ? `… ${message}` : `${first}: ${message}`;
}

/** A request of nobody in particular. */
const NO_PRINCIPAL = 'none';

/** Characters of a portal session's id, as the audit has it. */
const PORTAL_ID = 16;

/** Who asked, for the log: a person by the uid alone, since logs need no address. */
export function principalName(caller: Identity | undefined): string {
  if (caller === undefined) return NO_PRINCIPAL;
  if (caller.kind === 'user') return `user:${caller.uid}`;
  return `${caller.kind}:${caller.kind === 'portal' ? caller.sessionId.slice(0, PORTAL_ID) : caller.email}`;
}

function severityOf(status: number, error: unknown): Severity {
  if (status >= 500) return 'ERROR';
  return error !== undefined && !isFault(error) ? 'ERROR' : 'INFO';
}
