import { createFirestore } from '#shared/gcp/firestore.ts';
import type { Clock } from '#shared/model/clock.ts';
import { type PersonFields, personPath } from '#shared/model/person.ts';
import { ROLES, type Role } from '#shared/model/principal.ts';
import { type MemberFields, type TenantFields, tenantDocument } from '#shared/model/tenant.ts';
import type { Write } from '#shared/store/store.ts';
import type { LocalIdentity } from './identity/start.ts';
import { patiently } from './patience.ts';
import { DEMO_TENANT, OTHER_TENANT, STAFF, userOf } from './people.ts';

export interface SeedOptions {
  readonly projectId: string;
  /** host:port of Firestore. */
  readonly firestore: string;
  readonly identity: Pick<LocalIdentity, 'addUser'>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** Two initial tenants without a seat limit; one has a member of every role. */
const TENANTS: readonly { readonly id: string; readonly name: string; readonly roles: readonly Role[] }[] = [
  { id: DEMO_TENANT, name: 'Demo Limited', roles: ROLES },
  { id: OTHER_TENANT, name: 'Other Incorporated', roles: ['owner'] },
];

/**
 * Writes the initial data, unless it exists from an earlier run or from a commit whose response was lost. It bypasses
 * the API, which assigns random ids.
 */
export async function seed({ projectId, firestore, identity, clock, say }: SeedOptions): Promise<void> {
  const store = createFirestore({ projectId, database: '(default)', endpoint: firestore });
  const writeTenants = async () => {
    const found = await store.get(TENANTS.map(({ id }) => `tenants/${id}`));
    const missing = TENANTS.filter((_, index) => found[index] === undefined);
    const writes = missing.flatMap(({ id, name, roles }) => tenantWrites(id, name, roles, clock.now()));
    const staff: PersonFields = { email: STAFF.email, staff: true, tenants: {} };
    const [known] = await store.get([personPath(STAFF.uid)]);
    if (known === undefined) writes.push({ op: 'create', path: personPath(STAFF.uid), fields: { ...staff } });
    if (writes.length > 0) await store.commit(writes);
  };
  try {
    await patiently(writeTenants, say);
  } finally {
    await store.close();
  }
  for (const { id, roles } of TENANTS) {
    for (const role of roles) {
      const { uid, email } = userOf(id, role);
      identity.addUser(uid, email);
    }
  }
  identity.addUser(STAFF.uid, STAFF.email, { secondFactor: true });
}

function tenantWrites(id: string, name: string, roles: readonly Role[], now: number): Write[] {
  const tenant: TenantFields = {
    name,
    tier: 'enterprise',
    seat_limit: null,
    seats_allotted: 0,
    owners: roles.filter((role) => role === 'owner').length,
    members: roles.length,
    reference: null,
    metadata: {},
    stripe_customer_id: null,
    stripe_subscription_id: null,
    created_at: now,
  };
  const member = (role: Role): MemberFields => ({
    role,
    email: userOf(id, role).email,
    added_at: now,
  });
  return [
    { op: 'create', path: `tenants/${id}`, fields: tenantDocument(tenant) },
    ...roles.map(
      (role): Write => ({
        op: 'create',
        path: personPath(userOf(id, role).uid),
        fields: { email: userOf(id, role).email, staff: false, tenants: { [id]: role } },
      }),
    ),
    ...roles.map(
      (role): Write => ({
        op: 'create',
        path: `tenants/${id}/members/${userOf(id, role).uid}`,
        fields: member(role),
      }),
    ),
  ];
}
