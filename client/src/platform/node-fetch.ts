import type { IncomingMessage } from 'node:http';
import { env, versions } from 'node:process';
import type { Fetch, FetchReply } from './platform.ts';

/**
 * `fetch` that goes by HTTPS_PROXY, HTTP_PROXY and NO_PROXY, as curl does. Deno's and Bun's fetch do so by themselves;
 * Node's does with NODE_USE_ENV_PROXY=1. Without that, Node's own agent does the work (`proxyEnv`, Node 22.21, 24.5),
 * and an older Node says that it cannot, rather than going past the proxy.
 */
export const nodeFetch: Fetch = (url, init) =>
  proxyVariable(url) === undefined || fetchKnowsProxies() ? fetch(url, init) : fetchThroughAgent(url, init);

const fetchKnowsProxies = (): boolean => 'bun' in versions || 'deno' in versions || env['NODE_USE_ENV_PROXY'] === '1';

/** @returns the name of the variable that names a proxy for this address; undefined when there is none */
function proxyVariable(url: string, variables: Readonly<Record<string, string | undefined>> = env): string | undefined {
  const { protocol } = new URL(url);
  const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return names.find((name) => variables[name]);
}

/** node:http speaks through a proxy from the version on that accepts `proxyEnv`; NO_PROXY is its agent's business. */
const agentsKnowProxies = (): boolean => {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
};

async function fetchThroughAgent(url: string, init: Parameters<Fetch>[1]): Promise<FetchReply> {
  if (!agentsKnowProxies()) throw new ProxyNotSupported(proxyVariable(url) ?? 'HTTPS_PROXY');
  const { Agent, request } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body, signal } = init;
    const agent = new Agent({ proxyEnv: env });
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
    outgoing.on('error', (error) => reject(isOfProxy(error, url) ? new ProxyUnreachable(error) : error));
    outgoing.end(body);
  });
}

const headerOf = ({ headers }: IncomingMessage, name: string): string | null => {
  const value = headers[name.toLowerCase()];
  return value === undefined ? null : String(value);
};

/** Whether it was the proxy that could not be connected to, and not the server behind it. */
function isOfProxy(error: Error, url: string): boolean {
  const proxy = env[proxyVariable(url) ?? ''];
  if (proxy === undefined || !URL.canParse(proxy)) return false;
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
