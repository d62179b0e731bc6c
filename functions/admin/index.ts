import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { defineFunction } from '#shared/http/function.ts';
import { importedKeysConfig, pepperOf } from '#shared/imported-keys/config.ts';
import { createFindImportedKey } from '#shared/imported-keys/find-imported-key.ts';
import { createResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { commonConfig, firestoreConfig } from '#shared/model/config.ts';
import { createEndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import { createAudit } from './audit.ts';
import { createCountSeats } from './count-seats.ts';
import { adminRoutes } from './handlers.ts';
import { createInvitations } from './invitations.ts';
import { createLicenseKeys } from './license-keys.ts';
import { createLicenses } from './licenses.ts';
import { createMembers } from './members.ts';
import { createNamedUsers } from './named-users.ts';
import { createRunOnce } from './once.ts';
import { createPeople } from './people.ts';
import { createQueue } from './queue.ts';
import { createRunReserved } from './reserve.ts';
import { createSessions } from './sessions.ts';
import { createDeleteTenant } from './tenant-deletion.ts';
import { createTenants } from './tenants.ts';
import { createUsage } from './usage.ts';

/** Milliseconds between attempts, times the number of the attempt, jittered. */
const PAUSE = 15;

/** Tenants, members, licences, sessions, usage and audit, for the administrators of tenants and the vendor's staff. */
export const admin = defineFunction({
  name: 'admin',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...importedKeysConfig.shape,
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const random = Math.random;
    const commitAudited = createCommitAudited({
      store,
      clock,
      log,
      pause: (attempt) => sleep(PAUSE * attempt * random()),
    });
    const mutex = createKeyedMutex();
    const reconcile = createReconcileSeats({ store, clock, random });
    const endSessionsOfKey = createEndSessionsOfKey({ store, clock, random });
    const pepper = pepperOf(config);
    const resolveKey = createResolveKey({ pepper, find: createFindImportedKey({ store, clock }) });
    const licenses = createLicenses({ store, clock, reconcile, commitAudited, mutex, pepper });
    return {
      routes: adminRoutes({
        tenants: createTenants({ store, clock, commitAudited, mutex }),
        deleteTenant: createDeleteTenant({ store, commitAudited, mutex }),
        members: createMembers({ store, commitAudited, mutex }),
        invitations: createInvitations({ store, clock, commitAudited }),
        licenses,
        resolveKey,
        licenseKeys: createLicenseKeys({ store, clock, commitAudited, licenses, endSessionsOfKey }),
        namedUsers: createNamedUsers({ store, clock, random, commitAudited, licenses }),
        sessions: createSessions({ store, clock, random, commitAudited, reconcile, licenses }),
        queue: createQueue({ store, clock, commitAudited, licenses }),
        usage: createUsage({ store, clock, licenses }),
        seatsUsed: createCountSeats({ store }),
        audit: createAudit({ store }),
        people: createPeople({ store, clock, commitAudited }),
        runOnce: createRunOnce({ store, clock }),
        runReserved: createRunReserved({ store, clock }),
        clock,
      }),
      counter: store,
      people: store,
      close: () => store.close(),
    };
  },
});
