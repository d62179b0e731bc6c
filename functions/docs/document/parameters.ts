import type * as z from 'zod';
import type { Route } from '#shared/http/route.ts';
import type { Exchanges } from '../examples/example.ts';
import { type JsonSchema, requestSchema } from './schema.ts';

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'the same request under the same key gets the same answer for 24 hours',
  schema: { type: 'string', minLength: 16, maxLength: 255 },
};

/** Headers with a meaning of their own, by operation. */
const HEADERS: Readonly<Record<string, readonly object[]>> = {
  createTask: [IDEMPOTENCY_KEY],
  runTask: [IDEMPOTENCY_KEY],
  createTenant: [IDEMPOTENCY_KEY],
  createLicense: [IDEMPOTENCY_KEY],
  createLicenses: [IDEMPOTENCY_KEY],
  createLicenseKey: [IDEMPOTENCY_KEY],
  borrowForMachine: [IDEMPOTENCY_KEY],
};

/** A route's parameters in path, query and headers, with the values that its examples give them. */
export function parametersOf(route: Route, examples: Exchanges): { readonly parameters?: readonly unknown[] } {
  const parameters = [
    ...read(route.params, 'path', (name) => Object.values(examples).map(({ params }) => params?.[name])),
    ...read(route.query, 'query', (name) => Object.values(examples).map(({ query }) => query?.[name])),
    ...(HEADERS[route.id] ?? []),
  ];
  return parameters.length === 0 ? {} : { parameters };
}

function read(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  valuesOf: (name: string) => readonly (string | undefined)[],
): unknown[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = requestSchema(schema);
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(Object(properties)).map(([name, value]) => {
    const { description, ...rest }: JsonSchema = Object(value);
    const example = valuesOf(name).find((one) => one !== undefined);
    return {
      name,
      in: place,
      required: place === 'path' || needed.has(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(example === undefined ? {} : { example: typed(example, rest) }),
    };
  });
}

/** A parameter's text as the type that its schema names: linters and generators compare the two. */
function typed(text: string, { type }: JsonSchema): string | number | boolean {
  switch (type) {
    case 'integer':
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    default:
      return text;
  }
}
