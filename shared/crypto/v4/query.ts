import { encodeComponent } from './percent-encoding.ts';

export type QueryFields = Readonly<Record<string, string>>;

/** Parameters of the signature, which a caller must not set. Cloud Storage ignores their case. */
const RESERVED = new Set([
  'x-goog-algorithm',
  'x-goog-credential',
  'x-goog-date',
  'x-goog-expires',
  'x-goog-signature',
  'x-goog-signedheaders',
]);

/**
 * The canonical query string: names and values percent-encoded, sorted by encoded name. The URL uses the same string.
 *
 * @param own the parameters of the signature
 * @param fields the parameters of the caller
 * @throws TypeError naming the parameter: one of the signature's own, an empty name, or a lone surrogate
 */
export function canonicalQuery(own: QueryFields, fields: QueryFields): string {
  for (const name of Object.keys(fields))
    if (name === '' || RESERVED.has(name.toLowerCase()))
      throw new TypeError(`queryParameters may not name ${JSON.stringify(name)}`);

  return [...Object.entries(own), ...Object.entries(fields)]
    .map(([name, value]): readonly [string, string] => [
      encodeComponent(name, 'a name in queryParameters'),
      encodeComponent(value, `queryParameters[${JSON.stringify(name)}]`),
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}
