import type * as z from 'zod';
import { Fault, type InvalidMember, invalid, UNKNOWN_MEMBER } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Principal } from '../model/principal.ts';
import type { BoundRoute, HandlerInput, HttpResponse, Route } from './route.ts';

/** Binds a handler to its route. The route's schemas validate the handler's input. */
export function bind<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  route: Route<P, Q, B>,
  handler: (input: HandlerInput<z.output<P>, z.output<Q>, z.output<B>>) => Promise<HttpResponse> | HttpResponse,
): BoundRoute {
  return {
    route,
    handle: async (input) =>
      handler(
        new Validated(
          input,
          parseParams(route.params, input.params),
          parseOrInvalid(route.query, input.query),
          parseOrInvalid(route.body, input.body),
        ),
      ),
  };
}

type Unvalidated = HandlerInput<unknown, unknown, unknown>;

/** The input with what the schemas made of it. The signal is made when it is asked for, so it alone is no member of its own. */
class Validated<Params, Query, Body> implements HandlerInput<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly inexact: readonly string[];
  readonly principal: Principal;
  readonly headers: Unvalidated['headers'];
  readonly requestId: string;
  readonly clientIp: string;
  readonly setHeaders: Unvalidated['setHeaders'];
  readonly log: Logger;
  readonly #input: Unvalidated;

  constructor(input: Unvalidated, params: Params, query: Query, body: Body) {
    this.params = params;
    this.query = query;
    this.body = body;
    this.inexact = input.inexact;
    this.principal = input.principal;
    this.headers = input.headers;
    this.requestId = input.requestId;
    this.clientIp = input.clientIp;
    this.setHeaders = input.setHeaders;
    this.log = input.log;
    this.#input = input;
  }

  get signal(): AbortSignal {
    return this.#input.signal;
  }
}

/** An invalid path parameter is a 404, like an unknown one. */
function parseParams<S extends z.ZodType>(schema: S | undefined, value: unknown): z.output<S> {
  return parse(schema, value, () => new Fault('not_found', 'A parameter in the path names nothing.'));
}

/** @throws Fault `invalid_request` naming every invalid member */
export function parseOrInvalid<S extends z.ZodType>(schema: S | undefined, value: unknown): z.output<S> {
  return parse(schema, value, ({ issues }) => invalid(issues.flatMap(describe)));
}

function parse<S extends z.ZodType>(
  schema: S | undefined,
  value: unknown,
  toFault: (error: z.ZodError) => Fault,
): z.output<S> {
  // Without a schema the type of the output is unknown, and the handler gets undefined.
  if (schema === undefined) return undefined as z.output<S>;
  const result = schema.safeParse(value);
  if (!result.success) throw toFault(result.error);
  return result.data;
}

function describe(issue: z.core.$ZodIssue): InvalidMember[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: UNKNOWN_MEMBER }));
  }
  return [{ path: issue.path.join('.'), message: issue.message }];
}
