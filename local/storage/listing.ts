import type { StoredObject } from './model.ts';
import { StorageError } from './storage-error.ts';

export interface ListQuery {
  readonly prefix?: string;
  readonly delimiter?: string;
  /** Inclusive. */
  readonly startOffset?: string;
  /** Exclusive. */
  readonly endOffset?: string;
  readonly maxResults: number;
  readonly pageToken?: string;
}

export interface Page {
  readonly items: readonly StoredObject[];
  readonly prefixes: readonly string[];
  readonly nextPageToken: string | undefined;
}

const UNSUPPORTED = ['matchGlob', 'versions', 'softDeleted', 'filter', 'includeTrailingDelimiter'];
const TEXTS = ['prefix', 'delimiter', 'startOffset', 'endOffset', 'pageToken'];

/** @throws StorageError invalid; not_implemented for what would change the result and is not built */
export function parseListQuery(query: URLSearchParams): ListQuery {
  const unsupported = UNSUPPORTED.find((name) => query.has(name) && query.get(name) !== 'false');
  if (unsupported !== undefined) throw new StorageError('not_implemented', `${unsupported} is not implemented.`);
  const maxResults = Number(query.get('maxResults') ?? 1000);
  if (!Number.isInteger(maxResults) || maxResults < 0)
    throw new StorageError('invalid', 'Invalid value for maxResults');
  const texts = TEXTS.flatMap((name): [string, string][] => {
    const text = query.get(name);
    return text === null || text === '' ? [] : [[name, text]];
  });
  return { maxResults: Math.min(maxResults || 1000, 1000), ...Object.fromEntries(texts) };
}

/**
 * A page of a bucket in the order of the names' UTF-8 bytes. Names that go on after the delimiter are folded into
 * their prefix; items and prefixes count alike towards the page's size.
 */
export function listPage(objects: Iterable<StoredObject>, query: ListQuery): Page {
  const { prefix = '', startOffset = '', endOffset, maxResults, pageToken } = query;
  const after = pageToken === undefined ? undefined : Buffer.from(pageToken, 'base64url').toString();
  const rows = new Map<string, StoredObject | undefined>();
  for (const object of objects) {
    const { name } = object;
    if (!name.startsWith(prefix) || compare(name, startOffset) < 0) continue;
    if (endOffset !== undefined && compare(name, endOffset) >= 0) continue;
    const folded = fold(name, prefix, query.delimiter);
    rows.set(folded ?? name, folded === undefined ? object : undefined);
  }
  const sorted = [...rows].sort(([a], [b]) => compare(a, b));
  const rest = after === undefined ? sorted : sorted.filter(([name]) => compare(name, after) > 0);
  const page = rest.slice(0, maxResults);
  const last = rest.length > page.length ? page.at(-1)?.[0] : undefined;
  return {
    items: page.flatMap(([, object]) => object ?? []),
    prefixes: page.flatMap(([name, object]) => (object === undefined ? name : [])),
    nextPageToken: last === undefined ? undefined : Buffer.from(last).toString('base64url'),
  };
}

function fold(name: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
