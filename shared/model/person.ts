import * as z from 'zod';
import type { Document, UpdateTime } from '../store/store.ts';
import { ROLES } from './principal.ts';

/**
 * `users/{uid}`: what a person may do. It is read with each of the person's requests, and tokens prove nothing but who
 * the person is, so that a removal works at once. Whoever belongs to no tenant and is no staff has no document.
 */
const personFields = z.object({
  /** As the token had it when the person became a member. */
  email: z.string().nullable(),
  /** One of the vendor's own people. */
  staff: z.boolean(),
  /** The role in each tenant, by the tenant's id. */
  tenants: z.record(z.string(), z.enum(ROLES)).default({}),
});

export type PersonFields = z.output<typeof personFields>;

export interface Person extends PersonFields {
  readonly uid: string;
  readonly updateTime: UpdateTime;
}

export const personPath = (uid: string): string => `users/${uid}`;

/** @throws ZodError when the document has other fields than ours */
export const readPerson = ({ id, fields, updateTime }: Document): Person => ({
  ...personFields.parse(fields),
  uid: id,
  updateTime,
});

/** Whether a uid can be the id of a document: Identity Platform's are, a forged token's need not be. */
export const isUid = (uid: string): boolean => /^[^/]{1,128}$/.test(uid) && !/^(\.{1,2}|__.*__)$/.test(uid);
