import { invalidArgument } from '#local/grpc/status.ts';
import type { Fields, Mask, Value } from './messages.ts';

/** A field, by its name or by the names of the maps around it. */
export type FieldPath = readonly string[];

const SIMPLE = /^[a-zA-Z_][a-zA-Z_0-9]*$/;
const SEGMENT = /(?:`((?:[^`\\]|\\.)+)`|([a-zA-Z_][a-zA-Z_0-9]*))(\.|$)/sy;

/** `a.b` or, with names that need it in back quotes, `` a.`b.c` `` (google/firestore/v1/document.proto). */
export function parseFieldPath(text: string): FieldPath {
  if (SIMPLE.test(text)) return [text];
  const path: string[] = [];
  SEGMENT.lastIndex = 0;
  for (let more = true; more; ) {
    const match = SEGMENT.exec(text);
    if (match === null) throw invalidArgument(`Invalid property path "${text}".`);
    path.push(match[1]?.replaceAll(/\\(.)/gs, '$1') ?? match[2] ?? '');
    more = match[3] === '.';
  }
  return path;
}

export function readField(fields: Fields, [name = '', ...rest]: FieldPath): Value | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return rest.length === 0 || value === undefined ? value : value.mapValue && readField(value.mapValue.fields, rest);
}

/** A copy with the field set, or deleted if the value is undefined. What is in the way of a map is replaced by one. */
export function writeField(fields: Fields, [name = '', ...rest]: FieldPath, value: Value | undefined): Fields {
  const { [name]: held, ...others } = fields;
  if (rest.length === 0) return value === undefined ? others : { ...fields, [name]: value };
  const inner = held?.mapValue?.fields;
  if (value === undefined && inner === undefined) return fields;
  return { ...fields, [name]: { mapValue: { fields: writeField(inner ?? {}, rest, value) } } };
}

/** What a mask leaves of a document; all of it without one. */
export function project(fields: Fields, mask: Mask | null): Fields {
  if (mask === null) return fields;
  return mask.fieldPaths.reduce((kept: Fields, text) => {
    const path = parseFieldPath(text);
    const value = readField(fields, path);
    return value === undefined ? kept : writeField(kept, path, value);
  }, {});
}
