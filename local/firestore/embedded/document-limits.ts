import { invalidArgument } from '#local/grpc/status.ts';
import type { Fields, Value } from './messages.ts';

/** Firestore's documentation, "Quotas and limits" and "Storage size calculations". */
const MAX_DOCUMENT_BYTES = 1_048_576;
const MAX_FIELD_NAME_BYTES = 1_500;
const MAX_DEPTH = 20;
export const MAX_INDEX_ENTRIES = 40_000;
export const MAX_TRANSFORMS = 500;

/**
 * The fields as they are stored: times in microseconds, as the service keeps them.
 *
 * @param path the document's, below `documents`
 * @throws GrpcError INVALID_ARGUMENT for what the service would not store
 */
export function storable(path: string, fields: Fields): Fields {
  const stored = storableFields(fields, 1);
  const size = nameSize(path) + fieldsSize(stored) + 32;
  if (size > MAX_DOCUMENT_BYTES) {
    throw invalidArgument(
      `Document "${path}" cannot be written because its size (${size} bytes) exceeds the maximum allowed size of ${MAX_DOCUMENT_BYTES} bytes.`,
    );
  }
  return stored;
}

function storableFields(fields: Fields, depth: number): Fields {
  const stored: Record<string, Value> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === '') throw invalidArgument('A field name must not be empty.');
    if (/^__.*__$/s.test(name)) throw invalidArgument(`The field name "${name}" is reserved.`);
    if (Buffer.byteLength(name) > MAX_FIELD_NAME_BYTES) {
      throw invalidArgument(`A field name is longer than ${MAX_FIELD_NAME_BYTES} bytes.`);
    }
    stored[name] = storableValue(value, depth);
  }
  return stored;
}

function storableValue(value: Value, depth: number): Value {
  if (depth > MAX_DEPTH) throw invalidArgument(`A field is nested deeper than ${MAX_DEPTH} levels.`);
  if (value.mapValue) return { mapValue: { fields: storableFields(value.mapValue.fields, depth + 1) } };
  if (value.arrayValue) {
    const { values } = value.arrayValue;
    if (values.some(({ arrayValue }) => arrayValue)) throw invalidArgument('An array must not contain another array.');
    return { arrayValue: { values: values.map((one) => storableValue(one, depth + 1)) } };
  }
  if (value.timestampValue) {
    const { seconds, nanos } = value.timestampValue;
    return { timestampValue: { seconds, nanos: Math.floor(nanos / 1_000) * 1_000 } };
  }
  sizeOf(value);
  return bare(value);
}

/** Without the member in which protobufjs names the kind: equal values are equal, whether they were sent or computed. */
function bare(value: Value & { readonly valueType?: string }): Value {
  const { valueType: _, ...stored } = value;
  return stored;
}

const textSize = (text: string) => Buffer.byteLength(text) + 1;

const nameSize = (path: string) => path.split('/').reduce((sum, segment) => sum + textSize(segment), 16);

const fieldsSize = (fields: Fields): number =>
  Object.entries(fields).reduce((sum, [name, value]) => sum + textSize(name) + sizeOf(value), 0);

/** Bytes. @throws GrpcError INVALID_ARGUMENT for a value that documents cannot hold */
function sizeOf(value: Value): number {
  if (value.stringValue !== undefined) return textSize(value.stringValue);
  if (value.integerValue !== undefined || value.doubleValue !== undefined) return 8;
  if (value.booleanValue !== undefined || value.nullValue !== undefined) return 1;
  if (value.timestampValue !== undefined) return 8;
  if (value.mapValue !== undefined) return fieldsSize(value.mapValue.fields);
  if (value.arrayValue !== undefined) return value.arrayValue.values.reduce((sum, one) => sum + sizeOf(one), 0);
  if (value.bytesValue !== undefined) return value.bytesValue.length;
  if (value.referenceValue !== undefined) return nameSize(value.referenceValue);
  if (value.geoPointValue !== undefined) return 16;
  throw invalidArgument('A document holds a kind of value that cannot be stored.');
}
