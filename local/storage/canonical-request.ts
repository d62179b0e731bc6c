import { createHash } from 'node:crypto';
import { decode, type Exchange } from './http.ts';

/** Header names and values as a signature covers them: lower case, white space folded, duplicates joined. */
export function foldHeaders(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const folded = new Map<string, string>();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = (rawHeaders[index + 1] ?? '').trim().replace(/\s+/g, ' ');
    const before = folded.get(name);
    folded.set(name, before === undefined ? value : `${before},${value}`);
  }
  return folded;
}

/**
 * The canonical request of a V4 signature, rebuilt from what came over the wire ("Canonical requests" in the service's
 * documentation). Names are decoded and encoded again, so that a client which encodes too little or too much is found out.
 *
 * @param headers the signed ones
 */
export function canonicalRequest(exchange: Exchange, headers: ReadonlyMap<string, string>): string {
  const names = [...headers.keys()].sort(byCodeUnit);
  const path = exchange.path.split('/').map((segment) => encode(decode(segment)));
  const query = queryPairs(exchange.query)
    .filter(([name]) => name.toLowerCase() !== 'x-goog-signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort(byCodeUnit);
  return [
    exchange.method,
    path.join('/'),
    query.join('&'),
    ...names.map((name) => `${name}:${headers.get(name)}`),
    '',
    names.join(';'),
    headers.get('x-goog-content-sha256') ?? 'UNSIGNED-PAYLOAD',
  ].join('\n');
}

/** The bytes that are signed. Header values are octets, which Node hands over as Latin-1. */
export function stringToSign(canonical: string, date: string, scope: string): string {
  const digest = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return ['GOOG4-RSA-SHA256', date, scope, digest].join('\n');
}

/** Names and values, percent-decoded; a plus is a plus. */
export function queryPairs(query: string): [string, string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [decode(pair), ''] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    });
}

/** RFC 3986 section 2.3: everything but letters, digits, `-._~` as %XX. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

const byCodeUnit = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
