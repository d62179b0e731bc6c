import { invalid } from '#shared/model/errors.ts';
import type { Document, DocumentReader, Query } from '#shared/store/store.ts';
import { isPlainId } from './paths.ts';
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

/**
 * One page of a list in the order of ids. The cursor is the id of the page's last document in base64url:
 * it reveals nothing that the page does not show, and inserts or deletions between two requests shift nothing.
 * @throws Fault `invalid_request` for a cursor that no page returned
 */
export async function readPage(
  store: Pick<DocumentReader, 'query'>,
  { limit, cursor }: PageRequest,
  query: (range: QueryRange) => Query,
): Promise<Page<Document>> {
  const { collection } = query({ limit });
  const after = cursor === undefined ? undefined : `${collection}/${decodeCursor(cursor)}`;
  // One document more than the page shows whether there is a next page.
  const documents = await store.query(query({ limit: limit + 1, after }));
  const items = documents.slice(0, limit);
  const last = items.at(-1);
  return { items, next: documents.length > limit && last !== undefined ? encodeCursor(last.id) : undefined };
}

export const encodeCursor = (id: string): string => Buffer.from(id).toString('base64url');

function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (!isPlainId(id) || encodeCursor(id) !== cursor) {
    throw invalid([{ path: 'cursor', message: 'is not a cursor from a previous page' }]);
  }
  return id;
}
