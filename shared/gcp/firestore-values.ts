import type { v1 } from '@google-cloud/firestore-api';
import type { Fields, FieldValue, Write } from '../store/store.ts';

type Client = InstanceType<typeof v1.FirestoreClient>;
type CommitRequest = NonNullable<Parameters<Client['commit']>[0]>;
export type ProtoWrite = NonNullable<CommitRequest['writes']>[number];
export type ProtoValue = NonNullable<NonNullable<NonNullable<ProtoWrite['update']>['fields']>[string]>;

/** `google.protobuf.NullValue`, as the encoder takes it. */
const NULL_VALUE = 0;

/** Encodes a value as Firestore's `Value` message. */
export function encodeValue(value: FieldValue): ProtoValue {
  if (value === null) return { nullValue: NULL_VALUE };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { booleanValue: value };
  if (typeof value === 'number') return encodeNumber(value);
  if (isArray(value)) return { arrayValue: { values: value.map(encodeValue) } };
  return { mapValue: { fields: encodeFields(value) } };
}

/** Integers stay integers, so that `maximum` compares milliseconds exactly. */
const encodeNumber = (value: number): ProtoValue =>
  Number.isSafeInteger(value) ? { integerValue: value } : { doubleValue: value };

const isArray = (value: FieldValue): value is readonly FieldValue[] => Array.isArray(value);

function encodeFields(fields: Fields): Record<string, ProtoValue> {
  const encoded: Record<string, ProtoValue> = {};
  for (const [name, value] of Object.entries(fields)) setOwn(encoded, name, encodeValue(value));
  return encoded;
}

/** An assignment to `__proto__` would set the object's prototype. */
function setOwn<T>(members: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') members[name] = value;
  else Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}

/** @throws TypeError for types that the suite never writes (bytes, references, geographic points) */
function decodeValue(value: ProtoValue): FieldValue {
  if ('nullValue' in value && value.nullValue !== undefined && value.nullValue !== null) return null;
  if (typeof value.stringValue === 'string') return value.stringValue;
  if (typeof value.booleanValue === 'boolean') return value.booleanValue;
  if (value.integerValue !== undefined && value.integerValue !== null) return Number(value.integerValue.toString());
  if (typeof value.doubleValue === 'number') return value.doubleValue;
  if (value.timestampValue) return Number(value.timestampValue.seconds) * 1000;
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(decodeValue);
  if (value.mapValue) return decodeFields(value.mapValue.fields ?? {});
  throw new TypeError('a document has a value of a type that the suite never writes');
}

export function decodeFields(fields: Readonly<Record<string, ProtoValue>>): Fields {
  const decoded: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(fields)) setOwn(decoded, name, decodeValue(value));
  return decoded;
}

/**
 * Encodes a write as Firestore's `Write` message.
 * @param root `projects/P/databases/D/documents`
 */
export function encodeWrite(root: string, write: Write): ProtoWrite {
  const name = `${root}/${write.path}`;
  switch (write.op) {
    case 'create':
      return { update: { name, fields: withExpiry(write) }, currentDocument: { exists: false } };
    case 'set':
      return { update: { name, fields: withExpiry(write) } };
    case 'update': {
      const fields = withExpiry(write);
      return {
        update: { name, fields },
        // A field that the mask names and the document does not have is removed.
        updateMask: { fieldPaths: [...Object.keys(fields), ...(write.remove ?? [])] },
        updateTransforms: encodeTransforms(write),
        currentDocument: write.lastUpdateTime === undefined ? { exists: true } : { updateTime: write.lastUpdateTime },
      };
    }
    case 'merge': {
      const fields = withExpiry(write);
      return {
        update: { name, fields },
        updateMask: { fieldPaths: Object.keys(fields) },
        updateTransforms: encodeTransforms(write),
      };
    }
    case 'delete':
      return { delete: name, ...encodePrecondition(write) };
    default:
      return write satisfies never;
  }
}

function encodeTransforms({ maximum = {}, increment = {} }: Extract<Write, { op: 'update' | 'merge' }>) {
  return [
    ...Object.entries(maximum).map(([fieldPath, value]) => ({ fieldPath, maximum: encodeValue(value) })),
    ...Object.entries(increment).map(([fieldPath, value]) => ({ fieldPath, increment: encodeValue(value) })),
  ];
}

/** TTL policies need a field of the type timestamp. */
function withExpiry({
  fields,
  deleteAfter,
}: Extract<Write, { op: 'create' | 'set' | 'merge' | 'update' }>): Record<string, ProtoValue> {
  if (deleteAfter === undefined) return encodeFields(fields);
  return { ...encodeFields(fields), delete_after: encodeTimestamp(deleteAfter) };
}

export const encodeTimestamp = (milliseconds: number): ProtoValue => ({
  timestampValue: { seconds: Math.ceil(milliseconds / 1000) },
});

function encodePrecondition({ precondition }: Extract<Write, { op: 'delete' }>): Pick<ProtoWrite, 'currentDocument'> {
  if (precondition === undefined) return {};
  return {
    currentDocument:
      'exists' in precondition ? { exists: precondition.exists } : { updateTime: precondition.lastUpdateTime },
  };
}
