import type { Role } from '#shared/model/principal.ts';

/** The tenants of the local stack, and who is in them. */
export const DEMO_TENANT = 'demo';
export const OTHER_TENANT = 'other';

export interface Person {
  readonly uid: string;
  readonly email: string;
}

export const userOf = (tenantId: string, role: Role): Person => ({
  uid: `${tenantId}-${role}`,
  email: `${role}@${tenantId}.example`,
});

export const STAFF: Person = { uid: 'staff', email: 'staff@countersign.example' };
