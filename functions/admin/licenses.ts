import { type CommitAudited, createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex, type KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { createChangeLicense } from './change-license.ts';
import { createCreateLicense } from './create-license.ts';
import { createCreateLicenses } from './create-licenses.ts';
import { createFindLicenses } from './find-licenses.ts';

export interface LicensesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly reconcile: ReconcileSeats;
  /** Default: its own. */
  readonly commitAudited?: CommitAudited;
  readonly mutex?: KeyedMutex;
  /** Under which keys of an older system are hashed. Default: none are taken over. */
  readonly pepper?: string | undefined;
}

/** Administration of licences. A licence outside the caller's scope is reported as not found. */
export function createLicenses({ store, clock, reconcile, ...options }: LicensesOptions) {
  const { commitAudited = createCommitAudited({ store, clock }), mutex = createKeyedMutex() } = options;
  const found = createFindLicenses({ store, clock });
  const context = { store, clock, reconcile, commitAudited, mutex };
  const create = createCreateLicense({ ...context, pepper: options.pepper });
  return {
    ...found,
    ...createChangeLicense({ ...context, licenses: found }),
    create,
    createAll: createCreateLicenses(create),
  };
}
