import * as z from 'zod';
import type { Document } from '../store/store.ts';

const integer = z.number().int();

/** `licenses/{id}/users/{hash of the address}`: somebody who may have a seat of a licence with `named_users`. */
const namedUserFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  /** As `normalEmail` gives it. */
  email: z.string(),
  added_at: integer,
  /** When a session was made for the user for the last time. */
  last_acquired_at: integer.nullable(),
  /** The handle of that session. Each one changes the document, which a removal notices. */
  session: z.string().nullable(),
});

export type NamedUser = z.output<typeof namedUserFields>;

/** @throws ZodError when the document is not what we write */
export const readNamedUser = ({ fields }: Document): NamedUser => namedUserFields.parse(fields);

export const newNamedUser = (
  { id, tenant_id }: { readonly id: string; readonly tenant_id: string },
  email: string,
  now: number,
): NamedUser => ({ license_id: id, tenant_id, email, added_at: now, last_acquired_at: null, session: null });
