import * as z from 'zod';
import { readCompactJson } from './compact-json.ts';
import { parseJson } from './json.ts';

/**
 * Reads JSON that this suite has written itself and whose type it knows. Where names may be of somebody's choice this is
 * not `JSON.parse`: that of Node 24 reads `{"x":0,"\u0080":1}` with the name `\` once it has read `{"x":0,"\\":1}` (it takes
 * the name that followed `x` before for this one without looking at the quote behind it), so one tenant's names would
 * change another's.
 */
export function readOwnJson<T>(text: string): T {
  const value = readCompactJson(text) ?? parseJson(text).value;
  assertWritten<T>(value);
  return value;
}

function assertWritten<T>(_: unknown): asserts _ is T {}

/**
 * A field of a document that holds JSON text and is read as a value. A Firestore map cannot hold every JSON object: names
 * like `__a__` are reserved, an empty name and an array within an array are refused. The text holds any of them.
 */
export const jsonText = <T>() =>
  z.codec(z.string(), z.custom<T>(), { decode: readOwnJson<T>, encode: (value: T) => JSON.stringify(value) });

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON object in a request. Zod's records drop a member called `__proto__`; this schema hands the object on as it is. */
export const jsonObject = () =>
  z.custom<Readonly<Record<string, unknown>>>(isJsonObject, 'must be an object').meta({ type: 'object' });
