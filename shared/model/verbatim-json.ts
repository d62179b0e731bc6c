import * as z from 'zod';
import { Sensitive } from './sensitive.ts';

/** A JSON value as its sender wrote it, as UTF-8. It is checked, and nothing is built from it. */
export class VerbatimJson extends Sensitive<Buffer> {
  readonly isObject: boolean;

  /** @param text valid I-JSON without white space around it */
  constructor(text: string) {
    super(Buffer.from(text));
    this.isObject = text.startsWith('{');
  }
}

/** A JSON object in a request, in the member that the route's `verbatim` names. */
export const verbatimObject = () =>
  z
    .custom<VerbatimJson>((value) => value instanceof VerbatimJson && value.isObject, 'must be an object')
    .meta({ type: 'object' });
