import { isIP } from 'node:net';
import { isLoopbackAddress, isPublicAddress } from './addresses.ts';

/** Every address of a name, of both versions; rejects when there is none. */
export type ResolveName = (name: string) => Promise<readonly string[]>;

export interface EndpointRules {
  /** For trying things out on one machine: http, and addresses of this machine, are allowed as well. */
  readonly allowLoopback: boolean;
}

const MAX_URL = 2_048;

/**
 * What is wrong with the URL of an endpoint by itself, before any name is resolved; undefined for nothing. Numbers in any
 * notation (`2130706433`, `0x7f.1`, `0177.0.0.1`) have become addresses when `URL` has parsed them.
 */
export function faultOfUrl(text: string, { allowLoopback }: EndpointRules): string | undefined {
  if (text.length > MAX_URL) return `must have at most ${MAX_URL} characters`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'must be a URL';
  if (url.protocol !== 'https:' && !(allowLoopback && url.protocol === 'http:')) return 'must begin with https://';
  if (url.username !== '' || url.password !== '') return 'must have no user name and no password';
  if (url.hash !== '') return 'must have no fragment';
  const host = hostOf(url);
  if (isIP(host) !== 0 && !(allowLoopback && isLoopbackAddress(host))) return 'must have a name, not an address';
  return undefined;
}

/** The name or address that a URL leads to; an IPv6 address without its brackets, a name without a final dot. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

/** Whether an endpoint may lead to this address. */
const mayConnect = (address: string, { allowLoopback }: EndpointRules): boolean =>
  isPublicAddress(address) || (allowLoopback && isLoopbackAddress(address));

/** The addresses of a host, if every one may be connected to; undefined if any may not. @throws what resolving throws */
export async function checkedAddresses(
  host: string,
  rules: EndpointRules,
  resolve: ResolveName,
): Promise<readonly string[] | undefined> {
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  return addresses.length > 0 && addresses.every((address) => mayConnect(address, rules)) ? addresses : undefined;
}
