import * as z from 'zod';

/** RFC 3339 in UTC with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });

/** An address; letters of any script, since people have such names. */
export const email = z.email({ pattern: z.regexes.unicodeEmail }).max(320);

export const tokenFormat = z
  .enum(['signed-json', 'jws', 'batch', 'file'])
  .default('signed-json')
  .describe(
    '`signed-json`: `license_data`; `jws`: a compact JWS in `license_token`; `batch`: `license_data` that may share its ' +
      'signature with other licences, for clients that can verify the member `batch`; `file`: a text in `license_file` that holds licence and ' +
      'key list and verifies with the root key alone',
  );

const batchProof = z.object({
  leaf_index: z.number().int().min(0),
  tree_size: z.number().int().min(2),
  audit_path: z.array(z.string()).describe('RFC 9162: 64 hexadecimal digits each, lowest first'),
  signed_at: time,
});

/** Goes into the signed claims as it is sent. */
export const nonce = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,64}$/)
  .describe('drawn by the client for this request and signed in: it shows that the answer is no recording');

/** Licence data with the members that signing adds. */
export const signedLicense = z.looseObject({
  signed_at: time,
  key_version: z.string().nullable(),
  signature_algorithm: z.string().nullable(),
  signature: z.string().nullable().describe('base64 of RSASSA-PKCS1-v1_5 over the canonical JSON of the other members'),
  batch: batchProof
    .optional()
    .describe('with `token_format: batch`: the Merkle proof from this licence to the signed head'),
});

/** A problem document within an answer: one of several requests has failed, the others have not. */
export const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  request_id: z.string(),
});

/** A request within a batch, documented by its schema and validated by itself, so that an invalid one fails alone. */
export function validatedAlone(schema: z.ZodType) {
  const { $schema: _, ...documented } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return z.unknown().meta(documented);
}

/** The query of every list: `cursor` comes from the Link header of the previous page, `limit` is the page size. */
export const page = z.strictObject({
  cursor: z.string().min(1).max(300).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});

export const hardwareId = z.string().min(1).max(256);
