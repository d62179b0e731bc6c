import type { Actor } from '#shared/audit/actor.ts';
import { type AuditStamp, type CommitAudited, newAuditStamp } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Once } from '#shared/idempotency/once.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { allotSeats, seatsOf } from '#shared/licenses/allotment.ts';
import { licenseEvent } from '#shared/licenses/license-event.ts';
import { type NewLicense, newLicense, termsOf } from '#shared/licenses/new-license.ts';
import type { Clock } from '#shared/model/clock.ts';
import { invalid, isFault } from '#shared/model/errors.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { type LicenseFields, licenseDocument } from '#shared/model/license.ts';
import { hashLicenseKey, newKeyId, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { paths } from '#shared/seats/paths.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { announcementsFor, webhooksFor } from '#shared/webhooks/announcements.ts';
import { hashOfImport, importKey } from './import-key.ts';

export interface CreateLicenseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly reconcile: ReconcileSeats;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
  /** Undefined: no keys of an older system are taken over. */
  readonly pepper?: string | undefined;
}

export interface CreatedLicense {
  readonly license: LicenseFields;
  readonly licenseId: string;
  readonly licenseKey: string;
}

/**
 * What is random about a licence and its creation. Drawn before anything is written, so that a creation that is repeated
 * with the same draw makes no second licence.
 */
export interface LicenseDraw {
  readonly key: LicenseKey;
  readonly keyId: string;
  /** Its time is that of the creation. */
  readonly stamp: AuditStamp;
}

export const drawLicense = (now: number): LicenseDraw => ({
  key: newLicenseKey(newLicenseId()),
  keyId: newKeyId(),
  stamp: newAuditStamp(now),
});

/** The licence that a creation makes, whenever it is made. */
export const createdLicense = (wanted: NewLicense, { key, stamp }: LicenseDraw): CreatedLicense => ({
  license: newLicense(wanted, stamp.at),
  licenseId: key.licenseId,
  licenseKey: wanted.license_key ?? key.text,
});

export type CreateLicense = (
  wanted: NewLicense,
  actor: Actor,
  options?: { readonly once?: Once<CreatedLicense> | undefined; readonly draw?: LicenseDraw },
) => Promise<CreatedLicense>;

/**
 * Creates a licence and returns its key, of which only a hash is stored. The licence, its key and its share of the
 * tenant's seats are one commit.
 * @throws Fault `invalid_request` for an end in the past, `not_found` for an unknown tenant, `seat_limit_exceeded`,
 *   `imported_keys_off`, `key_in_use`, `dependency_unavailable`; all from the returned function
 */
export function createCreateLicense({
  store,
  clock,
  reconcile,
  commitAudited,
  mutex,
  pepper,
}: CreateLicenseOptions): CreateLicense {
  return async (wanted, actor, { once, draw = drawLicense(clock.now()) } = {}) => {
    const created = createdLicense(wanted, draw);
    const { license, licenseId } = created;
    const { tenant_id: tenantId, expires_at } = wanted;
    const imported = wanted.license_key === undefined ? undefined : hashOfImport(wanted.license_key, pepper);
    const keyPath = paths.key(licenseId, imported ?? hashLicenseKey(draw.key));
    const prepare = async () => {
      if (expires_at !== null && expires_at <= draw.stamp.at) {
        throw invalid([{ path: 'expires_at', message: 'is in the past' }]);
      }
      const announces = announcementsFor(await webhooksFor(store, tenantId));
      const keyFields = newKeyFields(draw.keyId, null, draw.stamp.at);
      return {
        writes: [
          { op: 'create' as const, path: paths.license(licenseId), fields: licenseDocument({ ...license, announces }) },
          { op: 'create' as const, path: keyPath, fields: keyFields },
          ...(imported === undefined ? [] : [await importKey(store, { hash: imported, licenseId, now: clock.now() })]),
          ...(await allotSeats(store, {
            tenantId,
            seats: seatsOf(license),
            licenseIds: [licenseId],
            now: clock.now(),
          })),
        ],
        event: { action: 'license.create', tenantId, licenseId, details: termsOf(license) },
        outbox: licenseEvent('license.created', { ...license, id: licenseId }),
        result: created,
      };
    };
    await mutex.runExclusive(tenantId, () => commitAudited(actor, prepare, once, draw.stamp));
    // The licence exists now and its key must reach the caller, so a failure here is ignored: the reaper makes the
    // missing seats.
    await reconcile(licenseId).catch((error) => {
      if (!isFault(error, 'dependency_unavailable')) throw error;
    });
    return created;
  };
}
