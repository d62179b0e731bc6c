import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AttemptError } from '../model/delivery.ts';
import {
  checkedAddresses,
  type EndpointRules,
  faultOfUrl,
  hostOf,
  type ResolveName,
} from '../webhooks/endpoint-url.ts';
import type { SendResult, SendWebhook } from '../webhooks/send-webhook.ts';

export interface WebhookClientOptions {
  readonly rules: EndpointRules;
  readonly resolve: ResolveName;
  /** Milliseconds from the first look at the name to the head of the answer. Default: 15 s. */
  readonly timeout?: number;
  /** Certificates to trust beside the system's, for tests. */
  readonly ca?: string;
}

const TIMEOUT = 15_000;
/** Milliseconds that the body of an answer has, once its head is there. It is for people to read and decides nothing. */
const BODY_TIMEOUT = 1_000;
const MAX_BODY = 1_024;

/**
 * Sends webhooks. The name is resolved once and every address checked; the connection then goes to one of the checked
 * addresses and to nothing else, with the name for SNI and Host, so a name whose address changes in between leads nowhere
 * new. Redirects are answers like any other: they are not followed. No proxy, and no connection is used twice.
 */
export function createWebhookClient({ rules, resolve, timeout = TIMEOUT, ca }: WebhookClientOptions): SendWebhook {
  return async (url, headers, body) => {
    if (faultOfUrl(url, rules) !== undefined) return failed('address_refused');
    const target = new URL(url);
    const signal = AbortSignal.timeout(timeout);
    let addresses: readonly string[] | undefined;
    try {
      addresses = await orAborted(checkedAddresses(hostOf(target), rules, resolve), signal);
    } catch {
      return failed(signal.aborted ? 'timeout' : 'dns');
    }
    if (addresses === undefined) return failed('address_refused');
    try {
      const options = { method: 'POST', headers, agent: false, lookup: only(addresses), signal };
      const response = await request(target, ca === undefined ? options : { ...options, ca }, body);
      const { statusCode: status = 0, headers: given } = response;
      const retryAfter = given['retry-after'];
      return { kind: 'answer', status, retryAfter, date: given.date, body: await beginningOf(response) };
    } catch (error) {
      return failed(signal.aborted ? 'timeout' : errorOf(error));
    }
  };
}

const failed = (error: AttemptError): SendResult => ({ kind: 'error', error });

/** Answers every look-up with the addresses that were checked. */
function only(addresses: readonly string[]): LookupFunction {
  const list = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_name, options, callback) => {
    if (options.all === true) return callback(null, list);
    const [first] = list;
    return callback(null, first?.address ?? '', first?.family ?? 4);
  };
}

function request(
  target: URL,
  options: RequestOptions & { readonly ca?: string },
  body: string,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { request: begin } = target.protocol === 'https:' ? https : http;
    const outgoing = begin(target, options, (response) => {
      response.on('error', () => undefined); // an answer that breaks off in its body is an answer
      resolve(response);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The beginning of an answer's body; the connection is closed afterwards, whatever else would come. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => response.destroy(), BODY_TIMEOUT);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MAX_BODY) break;
    }
  } catch {
    // what has arrived is enough
  }
  clearTimeout(timer);
  response.destroy();
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_BODY));
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const TLS_CODES = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO)/;

function errorOf(error: unknown): AttemptError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return TLS_CODES.test(code) ? 'tls' : 'connection';
}
