import fc from 'fast-check';
import type { IndexConfig } from '#local/firestore/embedded/index-config.ts';

/**
 * Requests to a Firestore, over few documents, fields and values, so that they meet. Names and update times are given
 * by what they stand for, since they differ from one Firestore to the next.
 */

/** In protobuf's JSON form, as the generated client takes it. */
export type Value = Readonly<Record<string, unknown>>;

export type Require = 'nothing' | 'present' | 'absent' | 'as it is' | 'as it was';

export interface Transform {
  readonly fieldPath: string;
  readonly increment?: Value;
  readonly maximum?: Value;
  readonly minimum?: Value;
}

export interface Write {
  /** Below the sequence's own document, e.g. `c/d0`. */
  readonly path: string;
  readonly require: Require;
  /** Undefined: a delete. */
  readonly fields?: Readonly<Record<string, Value>>;
  readonly mask?: readonly string[];
  readonly transforms?: readonly Transform[];
}

export interface Query {
  readonly collection: string;
  readonly equal: readonly (readonly [field: string, value: Value])[];
  readonly ranges: readonly (readonly [op: string, value: Value])[];
  /** The first is what the ranges are over. */
  readonly orderBy: readonly (readonly [field: string, descending: boolean])[];
  /** Of the document's name, if it is ordered by explicitly. */
  readonly byName?: 'ASCENDING' | 'DESCENDING';
  readonly limit?: number;
  readonly offset: number;
  readonly start?: { readonly values: readonly Value[]; readonly before: boolean };
  readonly end?: { readonly values: readonly Value[]; readonly before: boolean };
  readonly select?: readonly string[];
}

export type Request =
  | { readonly kind: 'commit' | 'batch'; readonly writes: readonly Write[] }
  | { readonly kind: 'get'; readonly paths: readonly string[]; readonly mask?: readonly string[] }
  | { readonly kind: 'query' | 'count'; readonly query: Query };

const COLLECTIONS = ['c', 'c/d0/s'] as const;
const PATHS = COLLECTIONS.flatMap((collection) => ['d0', 'd1', 'd10', 'dé', 'd😀'].map((id) => `${collection}/${id}`));
const FIELDS = ['a', 'b', 'm.x', 'm.`y.z`'] as const;

const text = fc.constantFrom('', 'a', 'ab', 'b', 'é', '😀', '\ufffd', '\u0000', 'x'.repeat(40));
const integer = fc.constantFrom('0', '1', '-1', '2', '9007199254740993', '9223372036854775807', '-9223372036854775808');
const double = fc.constantFrom(0, 0.5, 1, -1.5, 2, 9007199254740992, Number.POSITIVE_INFINITY, Number.NaN);
const number = fc.oneof(
  integer.map((integerValue) => ({ integerValue })),
  double.map((doubleValue) => ({ doubleValue })),
);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 3, arbitrary: text.map((stringValue) => ({ stringValue })) },
  fc.constant({ nullValue: 'NULL_VALUE' }),
  fc.boolean().map((booleanValue) => ({ booleanValue })),
  fc.constantFrom(0, 1, 999_999_999).map((nanos) => ({ timestampValue: { seconds: 1, nanos } })),
  fc.constantFrom('', 'a', '\u0000').map((bytes) => ({ bytesValue: Buffer.from(bytes) })),
  fc.constantFrom(0, 1).map((latitude) => ({ geoPointValue: { latitude, longitude: 2 } })),
);
/** Few enough that a filter often meets the value of a field. */
const common: fc.Arbitrary<Value> = fc.constantFrom<Value>(
  { integerValue: '1' },
  { doubleValue: 1 },
  { integerValue: '2' },
  { stringValue: 'a' },
  { nullValue: 'NULL_VALUE' },
);
const operand = fc.oneof({ weight: 3, arbitrary: common }, { weight: 1, arbitrary: scalar });
const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 12, arbitrary: common },
  { weight: 6, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }).map((values) => ({ arrayValue: { values } })),
  fc.dictionary(fc.constantFrom('p', 'q'), scalar, { maxKeys: 2 }).map((fields) => ({ mapValue: { fields } })),
);

const inner = fc.dictionary(fc.constantFrom('x', 'y.z'), operand, { maxKeys: 2 });
const fields = fc
  .record({ a: value, b: operand, m: inner.map((map) => ({ mapValue: { fields: map } })) }, { requiredKeys: [] })
  .map((all): Readonly<Record<string, Value>> => ({ ...all }));

const transform: fc.Arbitrary<Transform> = fc
  .tuple(fc.constantFrom(...FIELDS), fc.constantFrom('increment', 'maximum', 'minimum'), number)
  .map(([fieldPath, kind, operand]) => ({ fieldPath, [kind]: operand }));

const require = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Require>('nothing') },
  fc.constantFrom<Require>('present', 'absent', 'as it is', 'as it was'),
);
const path = fc.constantFrom(...PATHS);
const update = fc.record(
  {
    path,
    require,
    fields,
    mask: fc.uniqueArray(fc.constantFrom(...FIELDS), { maxLength: 3 }),
    transforms: fc.uniqueArray(transform, { maxLength: 2, selector: ({ fieldPath }) => fieldPath }),
  },
  { requiredKeys: ['path', 'require', 'fields'] },
);
const write: fc.Arbitrary<Write> = fc.oneof({ weight: 4, arbitrary: update }, fc.record({ path, require }));
/** A document once a request: on more, the service and its emulator disagree. */
const writes = fc.uniqueArray(write, { minLength: 1, maxLength: 5, selector: (one) => one.path });

const plainField = fc.constantFrom('a', 'b', 'm.x');
const comparable = operand.filter((one) => !('nullValue' in one) && !Number.isNaN(one['doubleValue']));
const range = fc.tuple(
  fc.constantFrom('LESS_THAN', 'LESS_THAN_OR_EQUAL', 'GREATER_THAN', 'GREATER_THAN_OR_EQUAL'),
  comparable,
);
const orders = fc.uniqueArray(fc.tuple(plainField, fc.boolean()), {
  minLength: 1,
  maxLength: 2,
  selector: ([field]) => field,
});
const cursor = fc.record({ values: fc.array(operand, { minLength: 1, maxLength: 1 }), before: fc.boolean() });
const anyQuery = fc.record({
  collection: fc.constantFrom(...COLLECTIONS),
  equal: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    fc.tuple(plainField, operand).map((one) => [one]),
  ),
  ranges: fc.oneof(fc.constant([]), fc.array(range, { minLength: 1, maxLength: 2 })),
  orderBy: fc.oneof(fc.constant([]), { weight: 3, arbitrary: orders }),
  byName: fc.constantFrom('ASCENDING' as const, 'DESCENDING' as const),
  limit: fc.integer({ min: 1, max: 4 }),
  offset: fc.constantFrom(0, 0, 1),
  start: cursor,
  end: cursor,
  select: fc.uniqueArray(fc.constantFrom(...FIELDS), { minLength: 1, maxLength: 2 }),
});
/** Each narrows what is found, so that no more than two are in a query. */
const NARROWING = ['byName', 'limit', 'start', 'end', 'select'] as const;
const query: fc.Arbitrary<Query> = fc
  .tuple(anyQuery, fc.uniqueArray(fc.constantFrom(...NARROWING), { maxLength: 2 }))
  .map(([drawn, kept]) => {
    const dropped: readonly string[] = NARROWING.filter((name) => !kept.includes(name));
    const entries = Object.entries(drawn).filter(([name]) => !dropped.includes(name));
    return sensible(Object.fromEntries(entries) as unknown as Query);
  });

/** A field with one value is ordered and bounded by nothing; ranges and cursors need an order. */
function sensible(drawn: Query): Query {
  const equal = drawn.equal.map(([field]) => field);
  const orderBy = drawn.orderBy.filter(([field]) => !equal.includes(field));
  const { start, end, ...rest } = { ...drawn, orderBy };
  if (orderBy.length === 0) return { ...rest, ranges: [] };
  return { ...rest, ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}

const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 4, arbitrary: writes.map((list) => ({ kind: 'commit' as const, writes: list })) },
  { weight: 2, arbitrary: writes.map((list) => ({ kind: 'batch' as const, writes: list })) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        kind: fc.constant('get' as const),
        paths: fc.uniqueArray(path, { minLength: 1, maxLength: 4 }),
        mask: fc.uniqueArray(fc.constantFrom(...FIELDS), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['kind', 'paths'] },
    ),
  },
  { weight: 4, arbitrary: query.map((one) => ({ kind: 'query' as const, query: one })) },
  { weight: 1, arbitrary: query.map((one) => ({ kind: 'count' as const, query: one })) },
);

/** First some documents, so that there is something to find. */
const documents = fc
  .uniqueArray(fc.record({ path, require: fc.constant<Require>('nothing'), fields }), {
    minLength: 3,
    maxLength: 8,
    selector: (one) => one.path,
  })
  .map((list): Request => ({ kind: 'commit', writes: list }));

export const sequences = fc
  .tuple(documents, fc.array(request, { minLength: 8, maxLength: 25 }))
  .map(([first, rest]) => [first, ...rest]);

/** Every composite index that these queries can need, since the emulator needs none. */
export function allIndexes(): IndexConfig {
  const directions = ['ASCENDING', 'DESCENDING'] as const;
  const names = ['a', 'b', 'm.x'];
  const ordered = names.flatMap((field) => directions.map((order) => [{ field_path: field, order }]));
  const twice = ordered.flatMap((first) => ordered.map((second) => [...first, ...second]));
  const composite = [[], ...ordered, ...twice].flatMap((orders) =>
    // By the name alone, backwards: the emulator refuses it as the service does.
    [
      ...(orders.length === 0 ? [] : [[]]),
      ...names.map((field) => [{ field_path: field, order: 'ASCENDING' as const }]),
    ].flatMap((equal) => directions.map((order) => [...equal, ...orders, { field_path: '__name__', order }])),
  );
  return {
    composite: ['c', 's'].flatMap((collection) =>
      composite.map((list) => ({ collection, query_scope: 'COLLECTION' as const, fields: list })),
    ),
    exempt: [],
    ttl: [],
  };
}
