import type * as z from 'zod';
import { Fault, type InvalidMember, invalid } from '../model/errors.ts';
import type { BoundRoute, HandlerInput, HttpResponse, Route } from './route.ts';

/** Ties a handler to its route: what it receives has been through the route's schemas. */
export function bind<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  route: Route<P, Q, B>,
  handler: (input: HandlerInput<z.output<P>, z.output<Q>, z.output<B>>) => Promise<HttpResponse> | HttpResponse,
): BoundRoute {
  return {
    route,
    handle: async (input) =>
      handler({
        ...input,
        params: parseParams(route.params, input.params),
        query: parseOrRefuse(route.query, input.query),
        body: parseOrRefuse(route.body, input.body),
      }),
  };
}

/** An identifier that cannot be parsed names nothing: 404, like one that does not exist. */
function parseParams<S extends z.ZodType>(schema: S | undefined, value: unknown): z.output<S> {
  return parse(schema, value, () => new Fault('not_found', 'A parameter in the path names nothing.'));
}

function parseOrRefuse<S extends z.ZodType>(schema: S | undefined, value: unknown): z.output<S> {
  return parse(schema, value, ({ issues }) => invalid(issues.flatMap(describe)));
}

function parse<S extends z.ZodType>(
  schema: S | undefined,
  value: unknown,
  refusal: (error: z.ZodError) => Fault,
): z.output<S> {
  // Without a schema the output's type is unknown, and nothing is handed on.
  if (schema === undefined) return undefined as z.output<S>;
  const result = schema.safeParse(value);
  if (!result.success) throw refusal(result.error);
  return result.data;
}

function describe(issue: z.core.$ZodIssue): InvalidMember[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...issue.path, key].join('.'), message: 'is not a member known here' }));
  }
  return [{ path: issue.path.join('.'), message: issue.message }];
}
