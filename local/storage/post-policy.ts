import { createVerify } from 'node:crypto';
import * as z from 'zod';
import type { Form } from './form-data.ts';
import type { PublicKeyOf } from './signed-request.ts';
import { StorageError } from './storage-error.ts';

const policyDocument = z.object({
  expiration: z.iso.datetime(),
  conditions: z.array(
    z.union([
      z.tuple([z.literal('content-length-range'), z.coerce.number().int(), z.coerce.number().int()]),
      z.tuple([z.enum(['eq', 'starts-with']), z.string(), z.string()]),
      z.record(z.string(), z.string()),
    ]),
  ),
});

/** What a valid policy allows. */
export interface Allowed {
  /** The account that signed. */
  readonly email: string;
  readonly sizes: { readonly min: number; readonly max: number } | undefined;
}

/** Fields that need no condition. */
const UNCONDITIONED = new Set(['policy', 'x-goog-signature', 'file']);

/**
 * Checks a form's V4 policy as the service does: signature, time, that every condition holds, and that every field has
 * one. https://cloud.google.com/storage/docs/xml-api/post-object-forms
 * @param now milliseconds since the Unix epoch
 * @throws StorageError access_denied (no policy), malformed_security, invalid_security, signature_does_not_match,
 *   expired_token, invalid_policy
 */
export async function verifyForm(
  { fields }: Pick<Form, 'fields'>,
  bucket: string,
  now: number,
  publicKeyOf: PublicKeyOf,
): Promise<Allowed> {
  const policy = fields.get('policy');
  if (policy === undefined) throw new StorageError('access_denied', 'Anonymous caller does not have access.');
  const email = await signerOf(fields, policy, publicKeyOf);
  const { expiration, conditions } = parsePolicy(policy);
  if (Date.parse(expiration) < now) throw new StorageError('expired_token', `The policy expired at: ${expiration}`);

  const values = new Map([...fields, ['bucket', bucket]]);
  const covered = new Set(UNCONDITIONED).add('bucket');
  let sizes: Allowed['sizes'];
  for (const condition of conditions) {
    if (!Array.isArray(condition)) {
      for (const [name, value] of Object.entries(condition)) holds(name, (given) => given === value);
    } else if (condition[0] === 'content-length-range') {
      sizes = { min: condition[1], max: condition[2] };
    } else {
      const [operator, name, value] = condition;
      holds(name.replace(/^\$/, ''), (given) => (operator === 'eq' ? given === value : given.startsWith(value)));
    }
  }
  const extra = [...fields.keys()].find((name) => !covered.has(name) && !name.startsWith('x-ignore-'));
  if (extra !== undefined) throw new StorageError('invalid_policy', `Policy did not reference these fields: ${extra}`);
  return { email, sizes };

  function holds(field: string, test: (given: string) => boolean): void {
    const name = field.toLowerCase();
    covered.add(name);
    if (!test(values.get(name) ?? '')) throw new StorageError('invalid_policy', `Policy Condition failed: ${field}`);
  }
}

async function signerOf(
  fields: ReadonlyMap<string, string>,
  policy: string,
  publicKeyOf: PublicKeyOf,
): Promise<string> {
  const matched = (name: string, form: RegExp) => {
    const match = form.exec(fields.get(name) ?? '');
    if (match === null) throw new StorageError('malformed_security', `Invalid or missing ${name}.`);
    return match;
  };
  matched('x-goog-algorithm', /^GOOG4-RSA-SHA256$/);
  const [, email = '', day = ''] = matched(
    'x-goog-credential',
    /^([^/]+@[^/]+)\/(\d{8})\/[a-z0-9-]+\/storage\/goog4_request$/,
  );
  const [date] = matched('x-goog-date', /^\d{8}T\d{6}Z$/);
  if (!date.startsWith(day)) throw new StorageError('malformed_security', 'Dates differ.');
  const [signature] = matched('x-goog-signature', /^([0-9a-f]{2})+$/);
  const key = await publicKeyOf(email);
  if (key === undefined) throw new StorageError('invalid_security');
  if (!createVerify('RSA-SHA256').update(policy).verify(key, Buffer.from(signature, 'hex')))
    throw new StorageError('signature_does_not_match');
  return email;
}

function parsePolicy(policy: string): z.output<typeof policyDocument> {
  try {
    return policyDocument.parse(JSON.parse(Buffer.from(policy, 'base64').toString()));
  } catch {
    throw new StorageError('invalid_policy', 'The policy document is not valid.');
  }
}
