import { env, versions } from 'node:process';
import { cleanText } from '../text/clean.ts';

/** What the variables of a proxy say, as curl reads them. */
export interface ProxySettings {
  /** The variable that names a proxy for this address. */
  readonly variable: string;
  readonly proxy: string;
  /** For an agent of node:http (`proxyEnv`): the same variables in the spelling that it understands. */
  readonly variables: Readonly<Record<string, string>>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** @returns undefined for an address that no proxy is named for, or that NO_PROXY takes out */
export function proxyFor(url: string, variables: Variables = env): ProxySettings | undefined {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol.slice(0, -1);
  const variable = [`${scheme}_proxy`, `${scheme}_proxy`.toUpperCase()].find((name) =>
    cleanText(variables[name] ?? ''),
  );
  if (variable === undefined) return undefined;
  const excepted = cleanText(variables['no_proxy'] || variables['NO_PROXY'] || '');
  if (isExcepted(hostname, port || (scheme === 'https' ? '443' : '80'), excepted)) return undefined;
  const named = cleanText(variables[variable] ?? '');
  // curl takes a proxy without a scheme for one of HTTP.
  const proxy = named.includes('://') ? named : `http://${named}`;
  return { variable, proxy, variables: { [variable]: proxy } };
}

/** `*`, or names and addresses between commas or spaces; a name stands for all that ends with it; a port may follow. */
function isExcepted(hostname: string, port: string, list: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bracketed, plain, only] = /^(?:\[([^\]]*)\]|([^:]*|[^:]*:[^:]*:.*?))(?::(\d+))?$/.exec(entry) ?? [];
      const name = (bracketed ?? plain ?? entry).replace(/^\*?\./, '');
      return (only === undefined || only === port) && (host === name || host.endsWith(`.${name}`));
    });
}

/** `fetch` of Deno and Bun goes by the variables itself; Node's does with NODE_USE_ENV_PROXY=1. */
export const fetchKnowsProxies = (): boolean =>
  'bun' in versions || 'deno' in versions || (env['NODE_USE_ENV_PROXY'] === '1' && agentsKnowProxies());

/** node:http speaks through a proxy from the version on that accepts `proxyEnv`. */
export const agentsKnowProxies = (): boolean => {
  const [major = 0, minor = 0] = versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
};
