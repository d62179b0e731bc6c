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

type Path = readonly (string | number)[];

/** As deep as the parser goes (`shared/http/json.ts`): what is deeper, or a cycle, is refused before the stack ends. */
const MAX_DEPTH = 64;

/**
 * @returns the canonical text, ASCII only, so its UTF-8 bytes are its characters
 * @throws NotCanonicalError for a value that has none
 */
export function canonicalJson(value: unknown): string {
  return write(value, []);
}

function write(value: unknown, path: Path): string {
  switch (typeof value) {
    case 'string':
      return quote(value, path);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NotCanonicalError(path, 'is not an integer within ±(2^53 - 1)');
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (path.length >= MAX_DEPTH) throw new NotCanonicalError(path, `is nested more than ${MAX_DEPTH} levels deep`);
      return Array.isArray(value) ? writeArray(value, path) : writeObject(value, path);
    default:
      throw new NotCanonicalError(path, `is of the type ${typeof value}, which JSON does not have`);
  }
}

// Array.from visits the holes of a sparse array, which map would leave out.
const writeArray = (items: readonly unknown[], path: Path) =>
  `[${Array.from(items, (item, index) => write(item, [...path, index])).join(',')}]`;

function writeObject(value: object, path: Path): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NotCanonicalError(path, 'is not a plain object');
  const members = Object.entries(value)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, item]) => `${quote(name, [...path, name])}:${write(item, [...path, name])}`);
  return `{${members.join(',')}}`;
}

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

function quote(text: string, path: Path): string {
  if (PLAIN.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new NotCanonicalError(path, 'holds a lone surrogate');
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
