import { invalidArgument } from '#local/grpc/status.ts';
import { MAX_INDEX_ENTRIES } from './document-limits.ts';
import type { IndexConfig } from './index-config.ts';
import type { Fields } from './messages.ts';
import { collectionId, splitPath } from './resource-names.ts';
import type { StoredDocument } from './writes.ts';

/** @throws GrpcError INVALID_ARGUMENT if the document would have more index entries than a document may */
export function checkIndexEntries({ path, fields }: StoredDocument, config: IndexConfig): void {
  const group = collectionId(splitPath(path)[0]);
  const exempt = new Set(config.exempt.filter(({ collection }) => collection === group).map(({ field }) => field));
  const composite = config.composite.filter(({ collection }) => collection === group).length;
  const entries = composite + automaticEntries(fields, '', exempt);
  if (entries <= MAX_INDEX_ENTRIES) return;
  throw invalidArgument(`Document "${path}" has ${entries} index entries, more than the ${MAX_INDEX_ENTRIES} allowed.`);
}

/** Ascending and descending for a field that is neither map nor array, one for each element of an array. */
function automaticEntries(fields: Fields, prefix: string, exempt: ReadonlySet<string>): number {
  let entries = 0;
  for (const [name, value] of Object.entries(fields)) {
    const path = prefix + name;
    if (exempt.has(path)) continue;
    if (value.mapValue) entries += automaticEntries(value.mapValue.fields, `${path}.`, exempt);
    else entries += value.arrayValue ? value.arrayValue.values.length : 2;
  }
  return entries;
}
