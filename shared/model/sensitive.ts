import { inspect } from 'node:util';

const REDACTED = '[sensitive]';

/**
 * A value that must not be logged or sent. The logger, templates, `console.log` and `JSON.stringify` write REDACTED in its
 * place; only `reveal` returns it. Redaction by type does not depend on the names of fields.
 */
export class Sensitive<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value, for the one place that needs it. */
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
