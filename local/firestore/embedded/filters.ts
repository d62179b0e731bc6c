import { GrpcError, invalidArgument } from '#local/grpc/status.ts';
import { parseFieldPath, readField } from './field-paths.ts';
import type { Fields, Filter, Value } from './messages.ts';
import { encodeValue, isNullOrNaN, kindOf } from './order-key.ts';

const OPERATORS = {
  EQUAL: '==',
  LESS_THAN: '<',
  LESS_THAN_OR_EQUAL: '<=',
  GREATER_THAN: '>',
  GREATER_THAN_OR_EQUAL: '>=',
} as const;

/** One comparison of a field with an encoded value. */
export interface Comparison {
  /** As it is written in the request, e.g. `a.b`. */
  readonly field: string;
  readonly op: (typeof OPERATORS)[keyof typeof OPERATORS];
  readonly value: string;
}

export type Encode = (field: string, value: Value) => string;

/** @throws GrpcError UNIMPLEMENTED naming the operator */
export function comparisonsOf(filter: Filter | null, encode: Encode): Comparison[] {
  if (filter === null) return [];
  if (filter.compositeFilter !== undefined) {
    const { op, filters } = filter.compositeFilter;
    if (op !== 'AND') throw unimplemented(`composite filter ${op}`);
    return filters.flatMap((one) => comparisonsOf(one, encode));
  }
  if (filter.unaryFilter !== undefined) {
    const { op, field } = filter.unaryFilter;
    return [{ field: checked(field.fieldPath), op: '==', value: encodeValue(unaryOperand(op)) }];
  }
  if (filter.fieldFilter === undefined) throw invalidArgument('A filter has no kind.');
  const { op, field, value } = filter.fieldFilter;
  const operator = isOperator(op) ? OPERATORS[op] : undefined;
  if (operator === undefined) throw unimplemented(`filter operator ${op}`);
  const encoded = encode(field.fieldPath, value);
  if (isNullOrNaN(encoded)) throw invalidArgument('NULL and NaN are compared by unary filters only.');
  return [{ field: checked(field.fieldPath), op: operator, value: encoded }];
}

const isOperator = (op: string): op is keyof typeof OPERATORS => Object.hasOwn(OPERATORS, op);

function unaryOperand(op: string) {
  if (op === 'IS_NULL') return { nullValue: 'NULL_VALUE' } as const;
  if (op === 'IS_NAN') return { doubleValue: Number.NaN };
  throw unimplemented(`filter operator ${op}`);
}

export const unimplemented = (what: string) => new GrpcError('UNIMPLEMENTED', `The ${what} is not implemented here.`);

function checked(fieldPath: string): string {
  parseFieldPath(fieldPath);
  return fieldPath;
}

/** Whether a document's field is of the operand's kind and compares as asked. */
export function holds({ field, op, value }: Comparison, fields: Fields): boolean {
  const held = readField(fields, parseFieldPath(field));
  if (held === undefined) return false;
  const encoded = encodeValue(held);
  if (kindOf(encoded) !== kindOf(value)) return false;
  switch (op) {
    case '==':
      return encoded === value;
    case '<':
      return encoded < value;
    case '<=':
      return encoded <= value;
    case '>':
      return encoded > value;
    case '>=':
      return encoded >= value;
    default:
      return op satisfies never;
  }
}
