import type { IncomingMessage, ServerResponse } from 'node:http';
import { isFault } from '../model/errors.ts';
import type { Logger, Severity } from './log.ts';
import type { Answer } from './route.ts';

/** Sends an answer, once; the defaults are the careful ones. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const body = encode(answer.body);
  const headers: Record<string, string | number> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...answer.headers,
    ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
  };
  if (!request.complete) discard(request);
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** How much of a body that is refused we read and throw away. */
const MAX_DISCARDED = 32 * 1024 * 1024;

/** A connection closed at once would lose our answer on its way to a caller that is still sending. */
function discard(request: IncomingMessage): void {
  let discarded = 0;
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
  const [path] = (request.url ?? '').split('?');
  context.log.log(severityOf(status, error), 'request', {
    httpRequest: {
      requestMethod: request.method,
      requestUrl: path,
      status,
      remoteIp: context.clientIp,
      userAgent: request.headers['user-agent'],
      latency: `${((performance.now() - context.startedAt) / 1000).toFixed(4)}s`,
    },
    ...(error === undefined ? {} : { error }),
  });
}

function severityOf(status: number, error: unknown): Severity {
  if (status >= 500) return 'ERROR';
  return error !== undefined && !isFault(error) ? 'ERROR' : 'INFO';
}
