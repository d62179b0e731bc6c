import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** The format of request ids from callers: printable, short, and safe in logs and headers. */
const CALLER_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** The caller's request id when it is valid, so that its logs and ours can be correlated; otherwise a fresh one. */
export function requestIdOf(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && CALLER_ID.test(sent) ? sent : randomUUID();
}

const NO_TRACE: Record<string, string> = {};

/**
 * Cloud Logging's trace field, from the header of Google's front end or W3C's traceparent.
 * @returns `{}` when the request has neither
 */
export function traceFields(request: IncomingMessage, projectId: string): Record<string, string> {
  const { 'x-cloud-trace-context': fromGoogle, traceparent } = request.headers;
  if (fromGoogle === undefined && traceparent === undefined) return NO_TRACE;
  const google = /^([0-9a-f]{32})(?:\/|$)/i.exec(String(fromGoogle ?? ''))?.[1];
  const w3c = /^00-([0-9a-f]{32})-/.exec(String(traceparent ?? ''))?.[1];
  const trace = google ?? w3c;
  return trace === undefined ? {} : { 'logging.googleapis.com/trace': `projects/${projectId}/traces/${trace}` };
}

/**
 * The client's address: the last value of the header that our load balancer sets, otherwise the peer of the connection.
 * A client can send the header too, once or several times and with lists in it; the load balancer's value comes after
 * everything that was there, and only the load balancer reaches us.
 */
export function clientIpOf(request: IncomingMessage, header: string | undefined): string {
  // Node joins the values of a header that comes several times, in their order.
  const sent = header === undefined ? '' : String(request.headers[header.toLowerCase()] ?? '');
  const last = sent.slice(sent.lastIndexOf(',') + 1).trim();
  // What is no address is not our load balancer's: one limit for all such requests is the peer's.
  return isIP(last) === 0 ? (request.socket.remoteAddress ?? 'unknown') : last;
}
