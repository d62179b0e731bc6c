import * as z from 'zod';

/** The type of JSON text that this suite has written itself. */
const parseOwn = <T>(text: string): T => JSON.parse(text);

/**
 * A field of a document that holds JSON text and is read as a value. A Firestore map cannot hold every JSON object: names
 * like `__a__` are reserved, an empty name and an array within an array are refused. The text holds any of them.
 */
export const jsonText = <T>() =>
  z.codec(z.string(), z.custom<T>(), { decode: parseOwn<T>, encode: (value: T) => JSON.stringify(value) });

export const isJsonObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A JSON object in a request. Zod's records drop a member called `__proto__`; this schema hands the object on as it is. */
export const jsonObject = () =>
  z.custom<Readonly<Record<string, unknown>>>(isJsonObject, 'must be an object').meta({ type: 'object' });
