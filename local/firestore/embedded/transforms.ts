import { GrpcError, invalidArgument } from '#local/grpc/status.ts';
import type { FieldTransform, Value } from './messages.ts';
import { encodeValue } from './order-key.ts';

const MIN_INTEGER = -(2n ** 63n);
const MAX_INTEGER = 2n ** 63n - 1n;

/**
 * What a field becomes, by google/firestore/v1/write.proto, `DocumentTransform.FieldTransform`.
 * @param held the field's value before, undefined if there is none
 * @throws GrpcError UNIMPLEMENTED naming the transform
 */
export function transformed(transform: FieldTransform, held: Value | undefined, now: Value): Value {
  if (transform.setToServerValue === 'REQUEST_TIME') return now;
  if (transform.increment !== undefined) return incremented(held, numeric(transform.increment));
  if (transform.maximum !== undefined) return extreme(held, numeric(transform.maximum), (a, b) => a < b);
  if (transform.minimum !== undefined) return extreme(held, numeric(transform.minimum), (a, b) => a > b);
  const [name = 'transform'] = Object.keys(transform).filter((key) => key !== 'fieldPath');
  throw new GrpcError('UNIMPLEMENTED', `The transform ${name} is not implemented here.`);
}

const isNumber = (value: Value | undefined): value is Value =>
  value?.integerValue !== undefined || value?.doubleValue !== undefined;

function numeric(operand: Value): Value {
  if (!isNumber(operand)) throw invalidArgument('The operand of a transform must be an integer or a double.');
  return operand;
}

const toDouble = (value: Value) => value.doubleValue ?? Number(value.integerValue);

/** Integers stay at the end of their range instead of overflowing. What is no number is replaced by the operand. */
function incremented(held: Value | undefined, by: Value): Value {
  if (!isNumber(held)) return by;
  if (held.integerValue === undefined || by.integerValue === undefined) {
    return { doubleValue: toDouble(held) + toDouble(by) };
  }
  const sum = BigInt(held.integerValue) + BigInt(by.integerValue);
  return { integerValue: String(sum < MIN_INTEGER ? MIN_INTEGER : sum > MAX_INTEGER ? MAX_INTEGER : sum) };
}

/** Equal numbers, also of different types, leave the field as it is; the extreme of anything and NaN is NaN. */
function extreme(held: Value | undefined, operand: Value, replaces: (held: string, operand: string) => boolean): Value {
  if (!isNumber(held)) return operand;
  if (Number.isNaN(toDouble(held)) || Number.isNaN(toDouble(operand))) return { doubleValue: Number.NaN };
  return replaces(encodeValue(held), encodeValue(operand)) ? operand : held;
}
