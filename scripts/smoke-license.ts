/**
 * Makes a tenant and a licence of one seat for the smoke test, and prints the licence's key, this once.
 *
 *     node scripts/smoke-license.ts PROJECT_ID [DATABASE]
 *
 * It writes to Firestore as whoever is logged in (gcloud auth application-default login), since there is nobody yet
 * whom the API would let; the audit says that the suite itself did it. FIRESTORE_ENDPOINT leads it elsewhere.
 */

import { createLicenses } from '#functions/admin/licenses.ts';
import { createTenants } from '#functions/admin/tenants.ts';
import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { systemClock } from '#shared/model/clock.ts';
import { SEAT_TERMS_OFF } from '#shared/model/seat-terms.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';

const [projectId, database = '(default)'] = process.argv.slice(2);
if (projectId === undefined) {
  process.stderr.write('usage: node scripts/smoke-license.ts PROJECT_ID [DATABASE]\n');
  process.exit(64);
}
const clock = systemClock;
const store = createFirestore({ projectId, database, endpoint: process.env['FIRESTORE_ENDPOINT'] });
try {
  const options = { store, clock, mutex: createKeyedMutex() };
  const commitAudited = createCommitAudited({ store, clock, pause: async () => undefined });
  const reconcile = createReconcileSeats({ store, clock, random: Math.random });
  const tenant = await createTenants({ ...options, commitAudited }).create(
    {
      name: 'Smoke test',
      tier: 'starter',
      seat_limit: 1,
      reference: null,
      metadata: {},
      stripe_customer_id: null,
      stripe_subscription_id: null,
    },
    SYSTEM_ACTOR,
  );
  const { licenseKey } = await createLicenses({ ...options, commitAudited, reconcile }).create(
    {
      tenant_id: tenant.id,
      product: 'default',
      tier: 'starter',
      max_seats: 1,
      expires_at: null,
      updates_until: null,
      label: 'Smoke test',
      reference: null,
      metadata: {},
      features: {},
      lease_seconds: 360,
      offline_seconds: 0,
      release: 'at_once',
      borrow: null,
      lease_per: 'machine',
      on_second: 'move',
      named_users: false,
      self_service: { holders: 'none', release: 'none' },
      ...SEAT_TERMS_OFF,
      license_key: undefined,
    },
    SYSTEM_ACTOR,
  );
  process.stdout.write(`${licenseKey}\n`);
} finally {
  await store.close();
}
