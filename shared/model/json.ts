import { VerbatimJson } from './verbatim-json.ts';

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

/** How a text is read. */
export interface JsonOptions {
  /**
   * A member of the object at the top that is checked like everything else and kept as it was sent: its value is a
   * `VerbatimJson`. Nothing is built from it, so a payload of any form needs the memory of its text only. Numbers in it
   * must be within ±(2^53 - 1), since most readers would round others.
   */
  readonly verbatim?: string;
}

/** Several numbers in a member that is kept verbatim are too large; `paths` names a hundred of them at most. */
export class UnsafeNumbersError extends Error {
  readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super('numbers beyond ±(2^53 - 1)');
    this.name = 'UnsafeNumbersError';
    this.paths = paths;
  }
}

/** More than any request needs, and far below the limit of the stack. */
const MAX_DEPTH = 64;
const MAX_LISTED = 100;
/** Names to compare with, of an object and of those around it: more of them than this need more memory than their text. */
const MAX_MEMBERS = 100_000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const LITERALS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, ZERO, ONE, NINE] = [0x22, 0x5c, 0x30, 0x31, 0x39];
const [COMMA, COLON, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d];
/** Integers of so many digits are safe whatever they are, and need no regular expression. */
const SAFE_DIGITS = 15;

/**
 * Reads a text in one pass and judges it on the way, so that a text that is refused costs no more than what was read.
 * @throws JsonSyntaxError, UnsafeNumbersError
 */
export function parseJson(text: string, { verbatim }: JsonOptions = {}): ParsedJson {
  let at = 0;
  /** False within the member that is kept verbatim. */
  let building = true;
  /** Names of the objects that are not closed yet. */
  let names = 0;
  const path: (string | number)[] = [];
  const inexact: string[] = [];
  const unsafe: string[] = [];

  const fail = (message: string): never => {
    throw new JsonSyntaxError(path.join('.'), message);
  };

  function match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  }

  /** Skips white space. @returns the code of the next character, NaN at the end */
  function next(): number {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return code;
      at += 1;
    }
  }

  /** Skips white space and takes the next character if it is this one. */
  function take(code: number): boolean {
    if (next() !== code) return false;
    at += 1;
    return true;
  }

  function readValue(): unknown {
    switch (next()) {
      case OPEN_OBJECT:
        return readObject();
      case OPEN_LIST:
        return readArray();
      case QUOTE:
        return readString();
      default:
        return readScalar();
    }
  }

  function readScalar(): unknown {
    const short = readShortInteger();
    if (short !== undefined) return short;
    const literal = match(LITERAL);
    if (literal !== null) return LITERALS.get(literal[0]);
    const number = match(NUMBER);
    if (number === null) return fail(unexpected());
    const value = Number(number[0]);
    if (!Number.isFinite(value)) return fail('is a number too large for a double');
    const integer = number[1] === undefined && number[2] === undefined && Number.isSafeInteger(value);
    if (!integer && building && inexact.length < MAX_LISTED) inexact.push(path.join('.'));
    const beyond = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    if (beyond && !building && unsafe.length < MAX_LISTED) unsafe.push(path.join('.'));
    return value === 0 ? 0 : value;
  }

  /** A list of two million numbers is read without two million matches of a regular expression. */
  function readShortInteger(): number | undefined {
    let end = at;
    let value = 0;
    let code = text.charCodeAt(end);
    if (!(code >= ONE && code <= NINE)) return undefined;
    for (; code >= ZERO && code <= NINE; code = text.charCodeAt(end)) {
      value = value * 10 + (code - ZERO);
      end += 1;
      if (end - at > SAFE_DIGITS) return undefined;
    }
    const goesOn = text[end];
    if (goesOn === '.' || goesOn === 'e' || goesOn === 'E') return undefined;
    at = end;
    return value;
  }

  /** Finds the end with a loop: a regular expression with alternatives overflows the stack on a string of megabytes. */
  function readString(): string {
    let end = at + 1;
    let escaped = false;
    for (let code = text.charCodeAt(end); code !== QUOTE; code = text.charCodeAt(end)) {
      // Past the end the code is NaN, for which every comparison is false.
      if (!(code >= SPACE)) return fail('holds a string that is not closed, or a control character');
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

  function readArray(): unknown {
    enter();
    const items: unknown[] = [];
    if (take(CLOSE_LIST)) return items;
    let index = 0;
    do {
      path.push(index);
      const item = readValue();
      path.pop();
      if (building) items.push(item);
      index += 1;
    } while (take(COMMA));
    return take(CLOSE_LIST) ? items : fail(unexpected());
  }

  function readObject(): unknown {
    enter();
    const members: Record<string, unknown> = {};
    const seen = building ? undefined : new Set<string>();
    const namesAround = names;
    if (take(CLOSE_OBJECT)) return members;
    do {
      names += 1;
      if (names > MAX_MEMBERS) fail(`has more than ${MAX_MEMBERS} members`);
      const name = next() === QUOTE ? readString() : fail(unexpected());
      path.push(name);
      if (seen?.has(name) ?? Object.hasOwn(members, name)) fail('occurs twice');
      seen?.add(name);
      if (!take(COLON)) fail(unexpected());
      const value = building && name === verbatim && path.length === 1 ? readVerbatim() : readValue();
      if (building) setOwn(members, name, value);
      path.pop();
    } while (take(COMMA));
    names = namesAround;
    return take(CLOSE_OBJECT) ? members : fail(unexpected());
  }

  function readVerbatim(): VerbatimJson {
    next();
    const start = at;
    building = false;
    readValue();
    building = true;
    return new VerbatimJson(text.slice(start, at));
  }

  function enter(): void {
    at += 1;
    if (path.length >= MAX_DEPTH) fail(`is nested more than ${MAX_DEPTH} levels deep`);
  }

  const unexpected = () =>
    at >= text.length ? 'ends too early' : `has an unexpected ${JSON.stringify(text[at])} at character ${at}`;

  const value = readValue();
  next();
  if (at < text.length) fail(unexpected());
  if (unsafe.length > 0) throw new UnsafeNumbersError(unsafe);
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
