import { invalid } from '#shared/model/errors.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import type { Document, DocumentReader, Query } from '#shared/store/store.ts';
import type { QueryRange } from './queries.ts';

/** The paging parameters of a list request. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined when this is the last one. */
  readonly next: string | undefined;
}

export interface Ids {
  /** What the list is ordered by. Default: the documents' own ids. */
  readonly idOf?: ((document: Document) => string) | undefined;
  /** Whether a text can be such an id. Default: a plain one. */
  readonly isId?: (text: string) => boolean;
}

/**
 * One page of a list in the order of ids. The cursor is the id of the page's last document in base64url:
 * it reveals nothing that the page does not show, and inserts or deletions between two requests shift nothing.
 * @throws Fault `invalid_request` for a cursor that no page returned
 */
export async function readPage(
  store: Pick<DocumentReader, 'query'>,
  { limit, cursor }: PageRequest,
  query: (range: QueryRange) => Query,
  { idOf = ({ id }) => id, isId = isPlainId }: Ids = {},
): Promise<Page<Document>> {
  const { collection } = query({ limit });
  const after = cursor === undefined ? undefined : `${collection}/${decodeCursor(cursor, isId)}`;
  // One document more than the page shows whether there is a next page.
  const documents = await store.query(query({ limit: limit + 1, after }));
  const items = documents.slice(0, limit);
  const last = items.at(-1);
  return { items, next: documents.length > limit && last !== undefined ? encodeCursor(idOf(last)) : undefined };
}

/** Documents that are read for one page at most, when most of them do not match. */
const MAX_SCANNED = 2_000;
const SCAN_CHUNK = 200;

interface Matching<T> {
  readonly read: (document: Document) => T;
  readonly matches: (item: T) => boolean;
  /** As for `readPage`; the item's `id` is the same. */
  readonly idOf?: (document: Document) => string;
}

/**
 * One page of the items that match what the store has no index for. A page may be short, or empty, and still have a
 * next one: a request reads a bounded number of documents.
 * @throws Fault `invalid_request` for a cursor that no page returned
 */
export async function readMatching<T extends { readonly id: string }>(
  store: Pick<DocumentReader, 'query'>,
  { limit, cursor }: PageRequest,
  query: (range: QueryRange) => Query,
  { read, matches, idOf }: Matching<T>,
): Promise<Page<T>> {
  const items: T[] = [];
  let next = cursor;
  // The first read has the size of the page, so a list whose items all match costs no more than its items.
  for (let scanned = 0, size = limit; scanned < MAX_SCANNED; scanned += size, size = SCAN_CHUNK) {
    const page: Page<Document> = await readPage(store, { limit: size, cursor: next }, query, { idOf });
    const found = page.items.map(read).filter(matches);
    const missing = limit - items.length;
    items.push(...found.slice(0, missing));
    const last = items.at(-1);
    if (found.length > missing && last !== undefined) return { items, next: encodeCursor(last.id) };
    next = page.next;
    if (next === undefined || items.length === limit) break;
  }
  return { items, next };
}

export const encodeCursor = (id: string): string => Buffer.from(id).toString('base64url');

function decodeCursor(cursor: string, isId: (text: string) => boolean): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!isId(id) || encodeCursor(id) !== cursor) {
    throw invalid([{ path: 'cursor', message: 'is not a cursor from a previous page' }]);
  }
  return id;
}
