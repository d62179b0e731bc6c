import type { IncomingMessage } from 'node:http';
import { versions } from 'node:process';
import { agentsKnowProxies, fetchKnowsProxies, type ProxySettings, proxyFor } from './node-proxy.ts';
import type { Fetch, FetchReply } from './platform.ts';

/**
 * `fetch` that goes by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl does. Where the platform's own does not, Node's
 * agent does the work (Node 22.21, 24.5), and an older Node says that it cannot, rather than going past the proxy.
 */
export const nodeFetch: Fetch = (url, init) => {
  const settings = fetchKnowsProxies() ? undefined : proxyFor(url);
  return settings === undefined ? fetch(url, init) : fetchThroughAgent(url, init, settings);
};

async function fetchThroughAgent(
  url: string,
  init: Parameters<Fetch>[1],
  settings: ProxySettings,
): Promise<FetchReply> {
  if (!agentsKnowProxies()) throw new ProxyNotSupported(settings.variable);
  const { Agent, request } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, signal } = init;
    const agent = new Agent({ proxyEnv: settings.variables });
    const outgoing = request(url, { agent, method, headers, signal }, (incoming: IncomingMessage) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const status = incoming.statusCode ?? 0;
        resolve({
          ok: status >= 200 && status < 300,
          status,
          headers: { get: (name) => headerOf(incoming, name) },
          text: async () => Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.on('error', (error) => reject(isOfProxy(error, settings.proxy) ? new ProxyUnreachable(error) : error));
    outgoing.end(body);
  });
}

const headerOf = ({ headers }: IncomingMessage, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  return value === undefined ? null : String(value);
};

/** Whether it was the proxy that could not be connected to, and not the server behind it. */
function isOfProxy(error: Error, proxy: string): boolean {
  if (!URL.canParse(proxy)) return false;
  const { hostname, port, protocol } = new URL(proxy);
  const number = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return Reflect.get(error, 'hostname') === hostname || String(Reflect.get(error, 'port')) === number;
}

class ProxyUnreachable extends Error {
  readonly code = 'ERR_PROXY_UNREACHABLE';

  constructor(cause: Error) {
    super(`the proxy itself: ${cause.message}`, { cause });
  }
}

class ProxyNotSupported extends Error {
  readonly code = 'ERR_PROXY_NOT_SUPPORTED';

  constructor(variable: string) {
    super(`${variable} is set, and Node ${versions.node} cannot use it: take Node 22.21 or later, or the option fetch`);
  }
}
