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
