import { Fault } from '#shared/model/errors.ts';
import { type Person, personPath, readPerson } from '#shared/model/person.ts';
import type { Document, Write } from '#shared/store/store.ts';

/**
 * Who manages the members of a tenant: its owners, and staff. Judged again in each attempt to commit, since the request
 * may have waited while its sender was removed.
 * @throws Fault `forbidden`
 */
export function requireManager(document: Document | undefined, tenantId: string): Person {
  const person = document && readPerson(document);
  if (person !== undefined && isManager(person, tenantId)) return person;
  throw new Fault('forbidden', 'Only owners of the tenant and staff manage its members.');
}

export const isManager = ({ staff, tenants }: Person, tenantId: string): boolean =>
  staff || (Object.hasOwn(tenants, tenantId) && tenants[tenantId] === 'owner');

/** Changes nothing, and lets the commit fail when the person's rights have changed since they were read. */
export const unchanged = ({ uid, updateTime }: Person): Write => ({
  op: 'update',
  path: personPath(uid),
  fields: {},
  lastUpdateTime: updateTime,
});
