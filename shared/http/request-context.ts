import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A request id a caller may choose: printable, short, and harmless in a log or a header. */
const SANE_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's id when it sent a sane one, so that its logs and ours meet; else a fresh one. */
export function requestIdOf(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && SANE_ID.test(sent) ? sent : randomUUID();
}

/**
 * Cloud Logging's trace field, from the header that Google's front end adds or W3C's traceparent.
 * @returns `{}` when the request carries neither
 */
export function traceFields(request: IncomingMessage, projectId: string): Record<string, string> {
  const google = /^([0-9a-f]{32})(?:\/|$)/i.exec(String(request.headers['x-cloud-trace-context'] ?? ''))?.[1];
  const w3c = /^00-([0-9a-f]{32})-/.exec(String(request.headers['traceparent'] ?? ''))?.[1];
  const trace = google ?? w3c;
  return trace === undefined ? {} : { 'logging.googleapis.com/trace': `projects/${projectId}/traces/${trace}` };
}

/**
 * The client's address: from the header that our load balancer sets (it cannot be forged from outside, as only the
 * load balancer reaches us), else the connection's other end.
 */
export function clientIpOf(request: IncomingMessage, header: string | undefined): string {
  const told = header === undefined ? undefined : request.headers[header.toLowerCase()];
  return (typeof told === 'string' ? told : undefined) ?? request.socket.remoteAddress ?? 'unknown';
}
