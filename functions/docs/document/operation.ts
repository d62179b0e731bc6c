import { PROBLEMS } from '#shared/http/problem.ts';
import type { ResponseSpec, Route } from '#shared/http/route.ts';
import type { FaultCode } from '#shared/model/errors.ts';
import type { Exchanges, Next } from '../examples/example.ts';
import { errorsOf } from './errors.ts';
import { parametersOf } from './parameters.ts';
import { requestSchema, responseSchema } from './schema.ts';
import { callersOf, securityOf } from './security.ts';

export interface OperationContext {
  /** The title of its section. */
  readonly tag: string;
  readonly examples: Exchanges;
  readonly next: Readonly<Record<string, Next>>;
}

/** Node's own answer, before any route is known (RFC 6585): the one refusal that an open GET without parameters has. */
const TOO_MANY_HEADERS = { 431: { description: 'The headers are larger than 16 KiB. Without a body.' } };

type Json = Readonly<Record<string, unknown>>;

/** One route as an OpenAPI operation. */
export function operationOf(route: Route, { tag, examples, next }: OperationContext): Json {
  const body = route.body === undefined ? undefined : requestSchema(route.body);
  const members = Object.keys(Object(body?.['properties']));
  const description = [route.description, callersOf(route.access, members)].filter((part) => part !== undefined);
  return {
    operationId: route.id,
    tags: [tag],
    summary: route.summary,
    description: description.join('\n\n'),
    security: securityOf(route.access),
    ...parametersOf(route, examples),
    ...(body === undefined ? {} : { requestBody: requestBody(body, examples, route.bodyOptional !== true) }),
    responses: { ...successes(route, examples, next), ...problems(route), ...TOO_MANY_HEADERS },
  };
}

function requestBody(schema: Json, examples: Exchanges, required: boolean): Json {
  const values = Object.entries(examples).map(([name, { summary, body }]) => [name, { summary, value: body }]);
  return { required, content: { 'application/json': { schema, examples: Object.fromEntries(values) } } };
}

function successes(route: Route, examples: Exchanges, next: Readonly<Record<string, Next>>): Json {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, spec]) => [
      status,
      {
        description: spec.description,
        headers: headersNamed('X-Request-Id', ...(isPaged(route) ? ['Link'] : [])),
        ...contentOf(spec, Number(status), examples),
        ...(Object.keys(next).length === 0 ? {} : { links: linksOf(next) }),
      },
    ]),
  );
}

function contentOf(spec: ResponseSpec, status: number, examples: Exchanges): Json {
  if (spec.schema === undefined) return {};
  const values = Object.entries(examples)
    .filter(([, example]) => example.status === status && example.answer !== undefined)
    .map(([name, { summary, answer }]) => [name, { summary, value: answer }]);
  const shown = values.length === 0 ? {} : { examples: Object.fromEntries(values) };
  const text = spec.text && {
    [spec.text.contentType]: { schema: { type: 'string', description: spec.text.description } },
  };
  return {
    content: { [spec.contentType ?? 'application/json']: { schema: responseSchema(spec.schema), ...shown }, ...text },
  };
}

const headersNamed = (...names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

/** Whether the answer comes in pages, which the query's `cursor` is for. */
const isPaged = ({ query }: Route): boolean =>
  query !== undefined && 'cursor' in Object(requestSchema(query)['properties']);

/** OpenAPI's runtime expressions: which member of this answer is which member of the next request. */
function linksOf(next: Readonly<Record<string, Next>>): Json {
  const expressions = (members: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(members).map(([name, member]) => [name, `$response.body#/${member}`]));
  return Object.fromEntries(
    Object.entries(next).map(([name, { operationId, body, params }]) => [
      name,
      {
        operationId,
        ...(params === undefined ? {} : { parameters: expressions(params) }),
        ...(body === undefined ? {} : { requestBody: expressions(body) }),
      },
    ]),
  );
}

/** The refusals, one response a status with an example a code. */
function problems(route: Route): Json {
  return Object.fromEntries([...errorsOf(route)].map(([status, codes]) => [status, problemResponse(status, codes)]));
}

function problemResponse(status: number, codes: readonly FaultCode[]): Json {
  const later = status === 429 || status === 503 ? ['Retry-After'] : [];
  const limited = status === 429 ? ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'] : [];
  const names = ['X-Request-Id', ...later, ...limited];
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title.toLowerCase()}`).join('; '),
    headers: headersNamed(...names),
    content: {
      'application/problem+json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}
