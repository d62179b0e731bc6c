/**
 * The bytes that are signed: what Python's `json.dumps(value, sort_keys=True, separators=(',', ':'))` prints. Members
 * are sorted by code point, everything outside printable ASCII is escaped, `/` is not. Only strings, booleans, null,
 * integers within ±(2^53 − 1), arrays and objects have such a form, nested 64 levels deep at most.
 * @returns undefined for a value that has none
 */
export function canonicalJson(value: unknown): string | undefined {
  try {
    return write(value, 0);
  } catch (error) {
    if (error instanceof NoCanonicalForm) return undefined;
    throw error;
  }
}

class NoCanonicalForm extends Error {}

const MAX_DEPTH = 64;

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isSafeInteger(value)) throw new NoCanonicalForm();
      return String(value);
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw new NoCanonicalForm();
      return Array.isArray(value)
        ? `[${Array.from(value, (item) => write(item, depth + 1)).join(',')}]`
        : writeObject(value, depth);
    default:
      throw new NoCanonicalForm();
  }
}

function writeObject(value: object, depth: number): string {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new NoCanonicalForm();
  const members = Object.entries(value)
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, item]) => `${quote(name)}:${write(item, depth + 1)}`);
  return `{${members.join(',')}}`;
}

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
  if (!text.isWellFormed()) throw new NoCanonicalForm();
  const escaped = (unit: string) => SHORT.get(unit) ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${text.replace(SPECIAL, escaped)}"`;
}

/** JavaScript compares UTF-16 units, which differs from code points only where one side has a surrogate. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return aboveSurrogates(left) - aboveSurrogates(right);
  }
  return a.length - b.length;
}

/** Moves the surrogates above the rest of the 16-bit units, which is where their code points are. */
const aboveSurrogates = (unit: number) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);
