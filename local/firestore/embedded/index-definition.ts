import { parseFieldPath, readField } from './field-paths.ts';
import type { Direction } from './messages.ts';
import { directed, encodeString, encodeValue } from './order-key.ts';
import { splitPath } from './resource-names.ts';
import type { StoredDocument } from './writes.ts';

/** The fields that the entries of an index are ordered by; the document's name comes last. */
export interface IndexDefinition {
  readonly fields: readonly { readonly field: string; readonly direction: Direction }[];
  readonly name: Direction;
}

/** Tells definitions apart. */
export const identify = ({ fields, name }: IndexDefinition): string =>
  [...fields.map(({ field, direction }) => `${field} ${direction}`), `__name__ ${name}`].join(', ');

/** A document's place in an index, undefined if it lacks one of the fields: then no query by this index finds it. */
export function keyOf({ fields, name }: IndexDefinition, document: StoredDocument): string | undefined {
  let key = '';
  for (const { field, direction } of fields) {
    const value = readField(document.fields, parseFieldPath(field));
    if (value === undefined) return undefined;
    key += directed(encodeValue(value), direction);
  }
  const [, id] = splitPath(document.path);
  return key + directed(encodeString(id), name);
}
