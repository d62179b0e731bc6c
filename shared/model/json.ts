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
  return new Reader(text, verbatim).read();
}

/** A text and how far it was read. A class, since a dozen closures for each text cost more than a small one. */
class Reader {
  readonly #text: string;
  readonly #verbatim: string | undefined;
  #at = 0;
  /** False within the member that is kept verbatim. */
  #building = true;
  /** Names of the objects that are not closed yet. */
  #names = 0;
  readonly #path: (string | number)[] = [];
  readonly #inexact: string[] = [];
  readonly #unsafe: string[] = [];

  constructor(text: string, verbatim: string | undefined) {
    this.#text = text;
    this.#verbatim = verbatim;
  }

  read(): ParsedJson {
    const value = this.#readValue();
    this.#next();
    if (this.#at < this.#text.length) this.#fail(this.#unexpected());
    if (this.#unsafe.length > 0) throw new UnsafeNumbersError(this.#unsafe);
    return { value, inexact: this.#inexact };
  }

  #fail(message: string): never {
    throw new JsonSyntaxError(this.#path.join('.'), message);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }

  /** Skips white space. @returns the code of the next character, NaN at the end */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== SPACE && code !== LINE_FEED && code !== CARRIAGE_RETURN && code !== TAB) return code;
      this.#at += 1;
    }
  }

  /** Skips white space and takes the next character if it is this one. */
  #take(code: number): boolean {
    if (this.#next() !== code) return false;
    this.#at += 1;
    return true;
  }

  #readValue(): unknown {
    switch (this.#next()) {
      case OPEN_OBJECT:
        return this.#readObject();
      case OPEN_LIST:
        return this.#readArray();
      case QUOTE:
        return this.#readString();
      default:
        return this.#readScalar();
    }
  }

  #readScalar(): unknown {
    const short = this.#readShortInteger();
    if (short !== undefined) return short;
    const literal = this.#match(LITERAL);
    if (literal !== null) return LITERALS.get(literal[0]);
    const number = this.#match(NUMBER);
    if (number === null) return this.#fail(this.#unexpected());
    const value = Number(number[0]);
    if (!Number.isFinite(value)) return this.#fail('is a number too large for a double');
    const integer = number[1] === undefined && number[2] === undefined && Number.isSafeInteger(value);
    if (!integer && this.#building && this.#inexact.length < MAX_LISTED) this.#inexact.push(this.#path.join('.'));
    const beyond = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    if (beyond && !this.#building && this.#unsafe.length < MAX_LISTED) this.#unsafe.push(this.#path.join('.'));
    return value === 0 ? 0 : value;
  }

  /** A list of two million numbers is read without two million matches of a regular expression. */
  #readShortInteger(): number | undefined {
    let end = this.#at;
    let value = 0;
    let code = this.#text.charCodeAt(end);
    if (!(code >= ONE && code <= NINE)) return undefined;
    for (; code >= ZERO && code <= NINE; code = this.#text.charCodeAt(end)) {
      value = value * 10 + (code - ZERO);
      end += 1;
      if (end - this.#at > SAFE_DIGITS) return undefined;
    }
    const goesOn = this.#text[end];
    if (goesOn === '.' || goesOn === 'e' || goesOn === 'E') return undefined;
    this.#at = end;
    return value;
  }

  /** Finds the end with a loop: a regular expression with alternatives overflows the stack on a string of megabytes. */
  #readString(): string {
    let end = this.#at + 1;
    let escaped = false;
    for (let code = this.#text.charCodeAt(end); code !== QUOTE; code = this.#text.charCodeAt(end)) {
      // Past the end the code is NaN, for which every comparison is false.
      if (!(code >= SPACE)) return this.#fail('holds a string that is not closed, or a control character');
      escaped ||= code === BACKSLASH;
      end += code === BACKSLASH ? 2 : 1;
    }
    const start = this.#at;
    this.#at = end + 1;
    const text = this.#text;
    return this.#checked(escaped ? this.#readEscapes(text.slice(start, end + 1)) : text.slice(start + 1, end));
  }

  #readEscapes(source: string): string {
    try {
      return String(JSON.parse(source));
    } catch {
      return this.#fail('holds a bad escape');
    }
  }

  #checked(value: string): string {
    return value.isWellFormed() ? value : this.#fail('holds a lone surrogate');
  }

  #readArray(): unknown {
    this.#enter();
    const items: unknown[] = [];
    if (this.#take(CLOSE_LIST)) return items;
    let index = 0;
    do {
      this.#path.push(index);
      const item = this.#readValue();
      this.#path.pop();
      if (this.#building) items.push(item);
      index += 1;
    } while (this.#take(COMMA));
    return this.#take(CLOSE_LIST) ? items : this.#fail(this.#unexpected());
  }

  #readObject(): unknown {
    this.#enter();
    const members: Record<string, unknown> = {};
    const seen = this.#building ? undefined : new Set<string>();
    const namesAround = this.#names;
    if (this.#take(CLOSE_OBJECT)) return members;
    do {
      this.#names += 1;
      if (this.#names > MAX_MEMBERS) this.#fail(`has more than ${MAX_MEMBERS} members`);
      const name = this.#next() === QUOTE ? this.#readString() : this.#fail(this.#unexpected());
      this.#path.push(name);
      if (seen?.has(name) ?? Object.hasOwn(members, name)) this.#fail('occurs twice');
      seen?.add(name);
      if (!this.#take(COLON)) this.#fail(this.#unexpected());
      const value =
        this.#building && name === this.#verbatim && this.#path.length === 1 ? this.#readVerbatim() : this.#readValue();
      if (this.#building) setOwn(members, name, value);
      this.#path.pop();
    } while (this.#take(COMMA));
    this.#names = namesAround;
    return this.#take(CLOSE_OBJECT) ? members : this.#fail(this.#unexpected());
  }

  #readVerbatim(): VerbatimJson {
    this.#next();
    const start = this.#at;
    this.#building = false;
    this.#readValue();
    this.#building = true;
    return new VerbatimJson(this.#text.slice(start, this.#at));
  }

  #enter(): void {
    this.#at += 1;
    if (this.#path.length >= MAX_DEPTH) this.#fail(`is nested more than ${MAX_DEPTH} levels deep`);
  }

  #unexpected(): string {
    return this.#at >= this.#text.length
      ? 'ends too early'
      : `has an unexpected ${JSON.stringify(this.#text[this.#at])} at character ${this.#at}`;
  }
}

/** An assignment to `__proto__` would set the object's prototype; this makes it a member like any other. */
function setOwn(members: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    members[name] = value;
  }
}
