/** A JSON object with nothing known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** @returns a copy when the value is an object and no array, else undefined @internal */
export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;

/** A number with a fraction or exponent: it may have been rounded when read, so what was signed is unknown. */
const INEXACT = /\d[.eE]/;
const STRING = /"(?:[^"\\]|\\.)*"/g;

/** @returns undefined for what is no JSON, and for numbers that are not written as integers @internal */
export function parseExactly(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return INEXACT.test(text.replace(STRING, '""')) ? undefined : value;
  } catch {
    return undefined;
  }
}

/** @returns undefined for what is no JSON object @internal */
export function parseObject(text: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** @internal */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** @internal */
export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
