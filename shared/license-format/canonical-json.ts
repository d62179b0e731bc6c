/**
 * The canonical byte sequence of a JSON value, so that every verifier computes the same signed bytes: the output of
 * Python's `json.dumps(value, sort_keys=True, separators=(',', ':'))`. Members are sorted by code point, everything
 * outside printable ASCII is escaped, and `/` is not escaped.
 *
 * Accepted are strings without lone surrogates, booleans, null, integers within ±(2^53 − 1), arrays and plain objects,
 * nested at most 64 levels deep. Floats are rejected, since every language prints them differently.
 */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [member: string]: CanonicalValue };

/** A value that has no canonical form; `path` names the offending member. */
export class NotCanonicalError extends TypeError {
  readonly path: readonly (string | number)[];
  readonly reason: string;

  constructor(path: readonly (string | number)[], reason: string) {
    super(`${path.length === 0 ? 'the value' : path.join('.')} ${reason}`);
    this.name = 'NotCanonicalError';
    this.path = path;
    this.reason = reason;
  }
}

/** The depth limit of the parser (`shared/model/json.ts`). It also stops at a cycle before the stack overflows. */
const MAX_DEPTH = 64;

/**
 * @returns the canonical text, ASCII only, so its UTF-8 bytes are its characters
 * @throws NotCanonicalError for a value that has none
 */
export function canonicalJson(value: unknown): string {
  return native(value) ?? write(value, 0);
}

/** As `canonicalJson`, for values from outside. @returns undefined for a value that has no canonical form */
export function canonicalJsonOrUndefined(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof NotCanonicalError) return undefined;
    throw error;
  }
}

const PRINTABLE = /^[ -~]*$/;

/**
 * The fast path: when all members are already sorted and all characters are printable ASCII, JSON.stringify prints the same
 * text in half the time. It writes lone surrogates as `\u` escapes, so its output must not contain any.
 */
function native(value: unknown): string | undefined {
  if (!isInOrder(value, 0)) return undefined;
  const text = JSON.stringify(value);
  return PRINTABLE.test(text) && !text.includes('\\u') ? text : undefined;
}

/** Whether all members are sorted and all values have a canonical form. */
function isInOrder(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isSafeInteger(value);
    case 'object':
      if (value === null) return true;
      if (depth >= MAX_DEPTH || 'toJSON' in value) return false;
      if (Array.isArray(value)) return Array.from(value).every((item) => isInOrder(item, depth + 1));
      return isPlainObject(value) && isObjectInOrder(value, depth);
    default:
      return false;
  }
}

/** Names are compared by UTF-16 units: `native` accepts ASCII alone, whose order is the same. */
function isObjectInOrder(value: Readonly<Record<string, unknown>>, depth: number): boolean {
  let before: string | undefined;
  for (const name of Object.keys(value)) {
    if (before !== undefined && before >= name) return false;
    const item = value[name];
    if (typeof item !== 'string' && !isInOrder(item, depth + 1)) return false;
    before = name;
  }
  return true;
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NotCanonicalError([], 'is not an integer within ±(2^53 - 1)');
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw new NotCanonicalError([], `is nested more than ${MAX_DEPTH} levels deep`);
      if (Array.isArray(value)) return writeArray(value, depth);
      if (isPlainObject(value)) return writeObject(value, depth);
      throw new NotCanonicalError([], 'is not a plain object');
    default:
      throw new NotCanonicalError([], `is of the type ${typeof value}, which JSON does not have`);
  }
}

function writeArray(items: readonly unknown[], depth: number): string {
  let text = '';
  let index = 0;
  try {
    // A loop by index also visits the holes of a sparse array.
    for (; index < items.length; index += 1) text += `${index === 0 ? '' : ','}${write(items[index], depth + 1)}`;
  } catch (error) {
    throw within(index, error);
  }
  return `[${text}]`;
}

function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function writeObject(value: Readonly<Record<string, unknown>>, depth: number): string {
  let text = '{';
  let current = '';
  try {
    for (const name of sortedNames(Object.keys(value))) {
      current = name;
      const separator = text === '{' ? '' : ',';
      const item = value[name];
      text += `${separator}${quote(name)}:${typeof item === 'string' ? quote(item) : write(item, depth + 1)}`;
    }
  } catch (error) {
    throw within(current, error);
  }
  return `${text}}`;
}

/** Extends the path of an error on its way up, so that a successful call does not pay for paths. */
const within = (step: string | number, error: unknown) =>
  error instanceof NotCanonicalError ? new NotCanonicalError([step, ...error.path], error.reason) : error;

/** Without surrogates, UTF-16 units sort like code points, and the built-in sort is many times faster. */
const sortedNames = (names: string[]): string[] =>
  SURROGATE.test(names.join()) ? names.sort(compareCodePoints) : names.sort();

const SURROGATE = /[\ud800-\udfff]/;

/** Printable ASCII without anything to escape, as nearly every string. */
const PLAIN = /^[ !#-[\]-~]*$/;
const SPECIAL = /[^ !#-[\]-~]/g;
const SHORT = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['"', '\\"'],
  ['\\', '\\\\'],
]);

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new NotCanonicalError([], 'holds a lone surrogate');
  return `"${text.replace(SPECIAL, (unit) => SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

/** Compares by code point, as Python does. JavaScript's order of UTF-16 units differs only for surrogates. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return aboveSurrogates(left) - aboveSurrogates(right);
  }
  return a.length - b.length;
}

/** Maps the surrogates (D800 to DFFF) above all other 16-bit units, where their code points are. */
const aboveSurrogates = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
