import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { type LicenseFields, licenseDocument } from '#shared/model/license.ts';
import { hashLicenseKey, newKeyId, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { paths } from '#shared/seats/paths.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { Actor } from './actor.ts';
import { allotSeats, seatsOf } from './allotment.ts';
import type { CommitAudited } from './commit-audited.ts';
import { type NewLicense, newLicense, termsOf } from './new-license.ts';
import type { Once } from './once.ts';

export interface CreateLicenseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly reconcile: ReconcileSeats;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

export interface CreatedLicense {
  readonly license: LicenseFields;
  readonly licenseId: string;
  readonly licenseKey: string;
}

export function createCreateLicense({ store, clock, reconcile, commitAudited, mutex }: CreateLicenseOptions) {
  /**
   * Creates a licence and returns its key, of which only a hash is stored. The licence, its key and its share of the
   * tenant's seats are one commit.
   * @throws Fault `not_found` for an unknown tenant, `seat_limit_exceeded`, `dependency_unavailable`
   */
  return async function create(wanted: NewLicense, actor: Actor, once?: Once<CreatedLicense>): Promise<CreatedLicense> {
    const licenseId = newLicenseId();
    const key = newLicenseKey(licenseId);
    const keyFields = newKeyFields(newKeyId(), null, clock.now());
    const { tenant_id: tenantId } = wanted;
    const license = newLicense(wanted, clock.now());
    const created = { license, licenseId, licenseKey: key.text };
    const prepare = async () => {
      const path = paths.license(licenseId);
      const seats = seatsOf(license);
      return {
        writes: [
          { op: 'create' as const, path, fields: licenseDocument(license) },
          { op: 'create' as const, path: paths.key(licenseId, hashLicenseKey(key)), fields: keyFields },
          ...(await allotSeats(store, { tenantId, seats, licenseId, now: clock.now() })),
        ],
        event: { action: 'license.create', tenantId, licenseId, details: termsOf(license) },
        result: created,
      };
    };
    await mutex.runExclusive(tenantId, () => commitAudited(actor, prepare, once));
    // The licence exists now and its key must reach the caller, so a failure here is ignored: the reaper makes the
    // missing seats.
    await reconcile(licenseId).catch((error) => {
      if (!isFault(error, 'dependency_unavailable')) throw error;
    });
    return created;
  };
}
