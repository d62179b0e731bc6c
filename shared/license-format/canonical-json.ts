/**
 * The one byte sequence that stands for a JSON value, so that a signature over it can be checked anywhere: what
 * Python's `json.dumps(value, sort_keys=True, separators=(',', ':'))` prints. Members are sorted by code point,
 * everything outside printable ASCII is escaped, `/` is not.
 *
 * Only values with a single form are accepted: strings without lone surrogates, booleans, null, integers within
 * ±(2^53 − 1), arrays and plain objects, nested 64 levels deep at most. Floats print differently in every language and are refused.
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

/** As deep as the parser goes (`shared/http/json.ts`): what is deeper, or a cycle, is refused before the stack ends. */
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
 * What is in order already, as all that we send is, JSON.stringify prints in the same way and in half the time, as long
 * as nothing is outside printable ASCII. It writes lone surrogates as `\u` escapes, and so must not be asked for those.
 */
function native(value: unknown): string | undefined {
  if (!isInOrder(value, 0)) return undefined;
  const text = JSON.stringify(value);
  return PRINTABLE.test(text) && !text.includes('\\u') ? text : undefined;
}

/** Whether all members are sorted, and all values are such as have a canonical form. */
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

function isObjectInOrder(value: Readonly<Record<string, unknown>>, depth: number): boolean {
  let before: string | undefined;
  for (const name of Object.keys(value)) {
    if (before !== undefined && compareCodePoints(before, name) >= 0) return false;
    if (!isInOrder(value[name], depth + 1)) return false;
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
    // By index, since a sparse array's holes are to be met too.
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

/** The path is put together on the way out of a failure, so that it costs nothing without one. */
const within = (step: string | number, error: unknown) =>
  error instanceof NotCanonicalError ? new NotCanonicalError([step, ...error.path], error.reason) : error;

/** Without surrogates, UTF-16 units have the order of the code points, and the built-in sort is many times faster. */
const sortedNames = (names: string[]): string[] =>
  SURROGATE.test(names.join()) ? names.sort(compareCodePoints) : names.sort();

const SURROGATE = /[\ud800-\udfff]/;

/** Plain printable ASCII, with nothing to escape: what nearly every string is. */
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

/** JavaScript compares UTF-16 units, Python code points: they differ only where one side has a surrogate. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return aboveSurrogates(left) - aboveSurrogates(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates (D800 to DFFF) above the rest of the 16-bit units, which is where their code points are. */
const aboveSurrogates = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
