import { failedPrecondition, invalidArgument } from '#local/grpc/status.ts';
import { type Comparison, comparisonsOf, type Encode, unimplemented } from './filters.ts';
import type { IndexConfig } from './index-config.ts';
import type { IndexDefinition } from './index-definition.ts';
import type { Cursor, Direction, StructuredQuery, Value } from './messages.ts';
import { before, behind, directed, encodeString, encodeValue, kindOf } from './order-key.ts';
import { collectionId, parseDocument, splitPath } from './resource-names.ts';

/** Which part of which index answers a query. */
export interface Plan {
  readonly index: IndexDefinition;
  /** Places in the index. */
  readonly start: string;
  readonly end: string;
  /** What the index does not decide. */
  readonly rest: readonly Comparison[];
}

const NAME = '__name__';

type Order = IndexDefinition['fields'][number];

/** A query's parts, with the orders that Firestore adds by itself made explicit. */
interface Shape {
  readonly equalities: ReadonlyMap<string, string>;
  readonly ranges: readonly Comparison[];
  readonly rest: readonly Comparison[];
  readonly orders: readonly Order[];
  readonly name: Direction;
}

/**
 * @param collection its path below `documents`
 * @param database `projects/P/databases/D`, for the names that cursors and filters mention
 * @throws GrpcError FAILED_PRECONDITION naming the index that is missing, as the service does; UNIMPLEMENTED;
 *   INVALID_ARGUMENT
 */
export function planQuery(query: StructuredQuery, collection: string, database: string, config: IndexConfig): Plan {
  const encode: Encode = (field, value) =>
    field === NAME ? encodeName(value, collection, database) : encodeValue(value);
  const shape = shapeOf(query, encode);
  const index = chooseIndex(shape, collectionId(collection), config);
  const prefix = index.fields
    .slice(0, index.fields.length - shape.orders.length)
    .map(({ field, direction }) => directed(shape.equalities.get(field) ?? '', direction))
    .join('');
  const unindexed = [...shape.equalities].filter(([field]) => !index.fields.some((one) => one.field === field));
  const ordered = [...shape.orders, { field: NAME, direction: shape.name }];
  const bounds = [
    { start: before(prefix), end: behind(prefix) },
    ...shape.ranges.map((range) => rangeBounds(prefix, range, ordered[0]?.direction ?? 'ASCENDING')),
    ...cursorBounds(prefix, query, ordered, encode),
  ];
  return {
    index,
    start: bounds.map(({ start }) => start).reduce((a, b) => (a > b ? a : b)),
    end: bounds.map(({ end }) => end).reduce((a, b) => (a < b ? a : b)),
    rest: [...shape.rest, ...unindexed.map(([field, value]): Comparison => ({ field, op: '==', value }))],
  };
}

function shapeOf(query: StructuredQuery, encode: Encode): Shape {
  const comparisons = comparisonsOf(query.where, encode);
  const equalities = new Map<string, string>();
  const rest: Comparison[] = [];
  for (const one of comparisons.filter(({ op }) => op === '==')) {
    if (one.field === NAME) throw unimplemented('equality filter on __name__');
    if (equalities.has(one.field)) rest.push(one);
    else equalities.set(one.field, one.value);
  }
  const ranges: Comparison[] = [];
  for (const one of comparisons.filter(({ op }) => op !== '==')) {
    if (equalities.has(one.field)) rest.push(one);
    else ranges.push(one);
  }
  const explicit = query.orderBy.map(
    ({ field, direction }): Order => ({
      field: field.fieldPath,
      direction: direction === 'DESCENDING' ? 'DESCENDING' : 'ASCENDING',
    }),
  );
  const ranged = ranges[0]?.field;
  if (ranges.some(({ field }) => field !== ranged)) throw unimplemented('query with ranges over several fields');
  if (explicit.length === 0 && ranged !== undefined) explicit.push({ field: ranged, direction: 'ASCENDING' });
  // A field with one value orders nothing.
  const orders = explicit.filter(({ field }) => !equalities.has(field));
  if (ranged !== undefined && orders[0]?.field !== ranged)
    throw unimplemented('range over a field that does not order first');
  const at = orders.findIndex(({ field }) => field === NAME);
  const name = (at < 0 ? orders.at(-1) : orders[at])?.direction ?? 'ASCENDING';
  return { equalities, ranges, rest, orders: at < 0 ? orders : orders.slice(0, at), name };
}

/** By the rules of Firestore's documentation, "Index types"; no two composite indexes are merged for one query. */
function chooseIndex({ equalities, orders, name }: Shape, group: string, config: IndexConfig): IndexDefinition {
  const equal = [...equalities.keys()].sort();
  const natural = name === (orders.at(-1)?.direction ?? 'ASCENDING');
  const single = equal.length + orders.length === 1;
  if (natural && (orders.length === 0 || single)) {
    // Equalities alone are answered by merging the single-field indexes of their fields; here they share one.
    for (const field of [...equal, ...orders.map((order) => order.field)]) checkNotExempt(group, field, config);
    return { fields: orders.length > 0 ? orders : equal.map(ascending), name };
  }
  const composite = config.composite
    .filter(({ collection }) => collection === group)
    .map(({ fields }) => definitionOf(fields.map(({ field_path, order }) => ({ field: field_path, direction: order }))))
    .find((index) => serves(index, equal, orders, name));
  if (composite !== undefined) return composite;
  const wanted = [...equal.map(ascending), ...orders, ...(natural ? [] : [{ field: NAME, direction: name }])];
  const list = wanted.map(({ field, direction }) => `${field} ${direction}`).join(', ');
  throw failedPrecondition(`The query requires an index that terraform/indexes.json does not have: ${group}: ${list}`);
}

function checkNotExempt(group: string, field: string, { exempt }: IndexConfig): void {
  if (!exempt.some((one) => one.collection === group && one.field === field)) return;
  throw failedPrecondition(
    `The query requires the single-field index of ${group}.${field}, which terraform/indexes.json exempts.`,
  );
}

const ascending = (field: string): Order => ({ field, direction: 'ASCENDING' });

/** Without a place of its own in the declaration, the name comes last in the direction of the field before it. */
function definitionOf(declared: readonly Order[]): IndexDefinition {
  const last = declared.at(-1);
  const name = last?.direction ?? 'ASCENDING';
  return { fields: last?.field === NAME ? declared.slice(0, -1) : declared, name };
}

/** The fields compared for equality come first, in any order and direction; the rest is exactly the query's order. */
function serves(index: IndexDefinition, equal: readonly string[], orders: readonly Order[], name: Direction): boolean {
  const first = index.fields.slice(0, equal.length).map(({ field }) => field);
  const rest = index.fields.slice(equal.length);
  return (
    first.toSorted().join() === equal.join() &&
    rest.length === orders.length &&
    rest.every(({ field, direction }, at) => field === orders[at]?.field && direction === orders[at]?.direction) &&
    index.name === name
  );
}

interface Bounds {
  readonly start: string;
  readonly end: string;
}

const LAST = '\u0100';

/** A range matches values of its operand's kind only. In a descending index, greater is before. */
function rangeBounds(prefix: string, { field, op, value }: Comparison, direction: Direction): Bounds {
  const kind = prefix + (field === NAME ? '' : directed(kindOf(value), direction));
  const at = prefix + directed(value, direction);
  const greater = (op === '>' || op === '>=') === (direction === 'ASCENDING');
  const inclusive = op === '>=' || op === '<=';
  if (greater) return { start: inclusive ? before(at) : behind(at), end: behind(kind) };
  return { start: before(kind), end: inclusive ? behind(at) : before(at) };
}

function cursorBounds(prefix: string, query: StructuredQuery, orders: readonly Order[], encode: Encode): Bounds[] {
  const fields = query.orderBy.map(({ field }) => field.fieldPath);
  const place = ({ values, before: isBefore }: Cursor) => {
    if (values.length > orders.length) throw invalidArgument('A cursor has more values than the query has orders.');
    const at = values.reduce((key, value, index) => {
      const order = orders[index];
      if (order === undefined || fields[index] !== order.field)
        throw unimplemented('cursor over a field with one value');
      return key + directed(encode(order.field, value), order.direction);
    }, prefix);
    return isBefore ? before(at) : behind(at);
  };
  return [
    ...(query.startAt === null ? [] : [{ start: place(query.startAt), end: LAST }]),
    ...(query.endAt === null ? [] : [{ start: '', end: place(query.endAt) }]),
  ];
}

/** Names are compared within one collection, so the id is enough. */
function encodeName(value: Value, collection: string, database: string): string {
  if (value.referenceValue === undefined) throw invalidArgument('__name__ is compared with a reference.');
  const [parent, id] = splitPath(parseDocument(value.referenceValue, database));
  if (parent !== collection) throw invalidArgument(`${value.referenceValue} is not in the collection ${collection}.`);
  return encodeString(id);
}
