import { createLicenseKeys } from '#functions/admin/license-keys.ts';
import { createLicenses } from '#functions/admin/licenses.ts';
import { createSessions } from '#functions/admin/sessions.ts';
import { createAcquire } from '#functions/seats/acquire.ts';
import type { AcquireRequest } from '#functions/seats/acquire-request.ts';
import { createHeartbeat } from '#functions/seats/heartbeat.ts';
import { createLicenseCache } from '#functions/seats/license-cache.ts';
import { createRelease } from '#functions/seats/release.ts';
import { createClearQueues } from '#functions/session-reaper/clear-queues.ts';
import { createEndKeys } from '#functions/session-reaper/end-keys.ts';
import { createReap } from '#functions/session-reaper/reap.ts';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { machineId } from '#shared/model/session-id.ts';
import { createEndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';

export interface InstanceOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
}

export type Instance = ReturnType<typeof createInstance>;

/** One instance of every function that touches seats, composed as in their composition roots. */
export function createInstance({ store, clock, random }: InstanceOptions) {
  const cache = createLicenseCache(store, clock);
  const reconcile = createReconcileSeats({ store, clock, random });
  const release = createRelease({ store, clock, random, reconcile });
  const endSessionsOfKey = createEndSessionsOfKey({ store, clock, random });
  const endKeys = createEndKeys({ store, clock, endSessionsOfKey });
  const commitAudited = createCommitAudited({ store, clock });
  const licenses = createLicenses({ store, clock, reconcile, commitAudited });
  return {
    acquire: createAcquire({ store, clock, random, sign: unsigned, licenses: cache }),
    heartbeat: createHeartbeat({ store, clock, licenses: cache, release }),
    release,
    reap: createReap({
      store,
      clock,
      random,
      reconcile,
      endKeys,
      clearQueues: createClearQueues({ store, clock }),
      budget: 60_000,
    }),
    licenses,
    sessions: createSessions({ store, clock, random, commitAudited, reconcile, licenses }),
    licenseKeys: createLicenseKeys({ store, clock, commitAudited, licenses, endSessionsOfKey }),
  };
}

/** The scope of an administrator of every tenant. */
export const EVERYTHING = { includes: () => true, tenantFor: (named: string | undefined) => named ?? 'tenant' };

/** Stands in for the signature, which is not part of the seat protocol. */
const unsigned = async () => ({ license_token: 'unsigned' });

export const acquireRequest = (
  key: LicenseKey,
  hardwareId: string,
  signal: AbortSignal = new AbortController().signal,
): AcquireRequest => ({
  key,
  keyHash: hashLicenseKey(key),
  hardwareId,
  machine: machineId(key.licenseId, hardwareId),
  client: { user_email: null, hostname: null, platform: null, client_version: null },
  tokenFormat: 'jws',
  signal,
  log: silentLogger,
});
