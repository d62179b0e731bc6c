import * as z from 'zod';

/** A JSON Schema of draft 2020-12, which is OpenAPI 3.1's own dialect. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schema of a request: unknown members are refused, members with a default are optional. */
export const requestSchema = (schema: z.ZodType): JsonSchema => convert(schema, 'input');

/** Schema of a response: unknown members are allowed, since later versions may add some. */
export const responseSchema = (schema: z.ZodType): JsonSchema => convert(schema, 'output');

function convert(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const {
    $schema: _,
    $defs: __,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      // Beside `format` the pattern of a time says nothing, at a length that buries the rest.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      // The bounds that zod gives every integer are those of JSON numbers themselves.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return withoutRecursion(rest);
}

/**
 * A schema refers to its own `$defs` where it is recursive, which in a document would lead nowhere. The one recursive
 * schema that we use is "any JSON", and that is what `{}` says.
 */
const withoutRecursion = (schema: JsonSchema): JsonSchema =>
  JSON.parse(JSON.stringify(schema), (_, value: unknown) =>
    typeof value === 'object' && value !== null && '$ref' in value ? {} : value,
  );
