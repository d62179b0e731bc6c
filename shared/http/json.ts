/**
 * The result of parsing I-JSON (RFC 7493): JSON without duplicate members and lone surrogates, which parsers resolve
 * differently, so that two parsers can read two documents from one text. `JSON.parse` reports neither, and silently rounds
 * 9007199254740991.4 to an integer; this parser reports numbers that are not integers as written.
 */
export interface ParsedJson {
  readonly value: unknown;
  /** Paths of numbers that are not written as integers within ±(2^53 - 1); at most 100. */
  readonly inexact: readonly string[];
}

/** The text is not I-JSON. `path` locates the fault: member names and indices joined by dots. */
export class JsonSyntaxError extends SyntaxError {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.path = path;
  }
}

/** More than any request needs, and far below the limit of the stack. */
const MAX_DEPTH = 64;
const MAX_INEXACT = 100;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LITERAL = /true|false|null/y;
const LITERALS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** @throws JsonSyntaxError */
export function parseJson(text: string): ParsedJson {
  let at = 0;
  const path: (string | number)[] = [];
  const inexact: string[] = [];

  const fail = (message: string): never => {
    throw new JsonSyntaxError(path.join('.'), message);
  };

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  }

  /** Skips white space and takes the next character if it is this one. */
  function take(character: string): boolean {
    match(SPACE);
    if (text[at] !== character) return false;
    at += 1;
    return true;
  }

  function readValue(): unknown {
    match(SPACE);
    switch (text[at]) {
      case '{':
        return readObject();
      case '[':
        return readArray();
      case '"':
        return readString();
      default:
        return readScalar();
    }
  }

  function readScalar(): unknown {
    const literal = match(LITERAL);
    if (literal !== null) return LITERALS.get(literal[0]);
    const number = match(NUMBER);
    if (number === null) return fail(unexpected());
    const value = Number(number[0]);
    if (!Number.isFinite(value)) return fail('is a number too large for a double');
    const integer = number[1] === undefined && number[2] === undefined && Number.isSafeInteger(value);
    if (!integer && inexact.length < MAX_INEXACT) inexact.push(path.join('.'));
    return value === 0 ? 0 : value;
  }

  /** Finds the end with a loop: a regular expression with alternatives overflows the stack on a string of megabytes. */
  function readString(): string {
    let end = at + 1;
    let escaped = false;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // Past the end the code is NaN, for which every comparison is false.
      if (!(code >= FIRST_PRINTABLE)) return fail('holds a string that is not closed, or a control character');
      escaped ||= code === BACKSLASH;
      end += code === BACKSLASH ? 2 : 1;
    }
    const source = text.slice(at, end + 1);
    at = end + 1;
    return checked(escaped ? readEscapes(source) : source.slice(1, -1));
  }

  function readEscapes(source: string): string {
    try {
      return String(JSON.parse(source));
    } catch {
      return fail('holds a bad escape');
    }
  }

  const checked = (value: string) => (value.isWellFormed() ? value : fail('holds a lone surrogate'));

  function readArray(): unknown[] {
    enter();
    const items: unknown[] = [];
    if (take(']')) return items;
    do {
      path.push(items.length);
      items.push(readValue());
      path.pop();
    } while (take(','));
    return take(']') ? items : fail(unexpected());
  }

  function readObject(): Record<string, unknown> {
    enter();
    const members: Record<string, unknown> = {};
    if (take('}')) return members;
    do {
      match(SPACE);
      const name = text[at] === '"' ? readString() : fail(unexpected());
      path.push(name);
      if (Object.hasOwn(members, name)) fail('occurs twice');
      if (!take(':')) fail(unexpected());
      setOwn(members, name, readValue());
      path.pop();
    } while (take(','));
    return take('}') ? members : fail(unexpected());
  }

  function enter(): void {
    at += 1;
    if (path.length >= MAX_DEPTH) fail(`is nested more than ${MAX_DEPTH} levels deep`);
  }

  const unexpected = () =>
    at >= text.length ? 'ends too early' : `has an unexpected ${JSON.stringify(text[at])} at character ${at}`;

  const value = readValue();
  match(SPACE);
  if (at < text.length) fail(unexpected());
  return { value, inexact };
}

/** An assignment to `__proto__` would set the object's prototype; this makes it a member like any other. */
function setOwn(members: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    members[name] = value;
  }
}
