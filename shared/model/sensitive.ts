import { inspect } from 'node:util';

const REDACTED = '[sensitive]';

/**
 * A value that must not be seen. Whatever writes it, be it the logger, a template, `console.log` or `JSON.stringify`,
 * writes the word above; only `reveal` gives it out. So redaction goes by type and not by the names of fields.
 */
export class Sensitive<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** For the one place that needs it. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
