import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The format of request ids from callers: printable, short, and safe in logs and headers. */
const CALLER_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's request id when it is valid, so that its logs and ours can be correlated; otherwise a fresh one. */
export function requestIdOf(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && CALLER_ID.test(sent) ? sent : randomUUID();
}

/**
 * Cloud Logging's trace field, from the header of Google's front end or W3C's traceparent.
 * @returns `{}` when the request has neither
 */
export function traceFields(request: IncomingMessage, projectId: string): Record<string, string> {
  const google = /^([0-9a-f]{32})(?:\/|$)/i.exec(String(request.headers['x-cloud-trace-context'] ?? ''))?.[1];
  const w3c = /^00-([0-9a-f]{32})-/.exec(String(request.headers['traceparent'] ?? ''))?.[1];
  const trace = google ?? w3c;
  return trace === undefined ? {} : { 'logging.googleapis.com/trace': `projects/${projectId}/traces/${trace}` };
}

/**
 * The client's address: from the header that our load balancer sets, otherwise the peer of the connection. Clients cannot
 * forge the header, since only the load balancer reaches us.
 */
export function clientIpOf(request: IncomingMessage, header: string | undefined): string {
  const forwarded = header === undefined ? undefined : request.headers[header.toLowerCase()];
  return (typeof forwarded === 'string' ? forwarded : undefined) ?? request.socket.remoteAddress ?? 'unknown';
}
