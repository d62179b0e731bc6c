import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import {
  DEFAULT_LEASE_SECONDS,
  type License,
  type LicenseFields,
  OFFLINE_SECONDS,
  readLicense,
  type Tier,
} from '#shared/model/license.ts';
import { hashLicenseKey, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Settle } from '#shared/seats/settle.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';
import type { Scope } from './scope.ts';

export interface NewLicense {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly maxSeats: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly features: LicenseFields['features'];
  readonly leaseSeconds?: number | undefined;
  readonly offlineSeconds?: number | undefined;
}

/** What is undefined stays as it is. */
export interface LicenseChange {
  readonly status?: LicenseFields['status'] | undefined;
  readonly max_seats?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly expires_at?: number | undefined;
  readonly features?: LicenseFields['features'] | undefined;
}

export interface LicensesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly settle: Settle;
}

export interface Usage {
  readonly seatsUsed: number;
  readonly seatsTotal: number;
}

/** Licences as their tenants' administrators see them. What is outside a caller's scope does not exist for it. */
export function createLicenses({ store, clock, settle }: LicensesOptions) {
  async function get(scope: Scope, licenseId: string): Promise<License> {
    const [document] = isPlain(licenseId) ? await store.get([paths.license(licenseId)]) : [];
    const license = document && readLicense(document);
    if (license === undefined || !scope.includes(license.tenant_id)) {
      throw new Fault('license_not_found', 'There is no licence of this id.');
    }
    return license;
  }

  /** The only moment at which the key is known to us. */
  async function create(
    wanted: NewLicense,
  ): Promise<{ license: LicenseFields; licenseId: string; licenseKey: string }> {
    const licenseId = newLicenseId();
    const key = newLicenseKey(licenseId);
    const license: LicenseFields = {
      tenant_id: wanted.tenantId,
      tier: wanted.tier,
      features: wanted.features,
      status: 'active',
      max_seats: wanted.maxSeats,
      seats: 0,
      next_seat: 0,
      settling: true,
      expires_at: wanted.expiresAt,
      lease_seconds: wanted.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
      offline_seconds: wanted.offlineSeconds ?? OFFLINE_SECONDS[wanted.tier],
      keys: [{ hash: hashLicenseKey(key), until: null }],
      created_at: clock.now(),
    };
    try {
      await store.commit([{ op: 'create', path: paths.license(licenseId), fields: license }]);
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      // The answer may have been lost on its way: then the licence is there.
      const [document] = await store.get([paths.license(licenseId)]);
      if (document === undefined)
        throw new Fault('dependency_unavailable', 'The licence could not be created right now.', { cause: error });
    }
    // From here on the licence exists and its key must reach the caller; the reaper makes the seats that are missing.
    await settle(licenseId).catch((error) => {
      if (!isFault(error, 'dependency_unavailable')) throw error;
    });
    return { license, licenseId, licenseKey: key.text };
  }

  /** When this answers, the licence has the seats that the change gives it. Repeating it after a fault is safe. */
  async function change(scope: Scope, licenseId: string, wanted: LicenseChange): Promise<License> {
    await get(scope, licenseId);
    const fields = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const resizes = wanted.status !== undefined || wanted.max_seats !== undefined;
    try {
      const write = {
        op: 'update' as const,
        path: paths.license(licenseId),
        fields: { ...fields, ...(resizes ? { settling: true } : {}) },
      };
      await store.commit([write]);
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      throw new Fault('dependency_unavailable', 'The licence could not be changed right now.', { cause: error });
    }
    if (resizes) await settle(licenseId);
    return get(scope, licenseId);
  }

  async function usage(scope: Scope, licenseId: string): Promise<Usage> {
    const [license, seatsUsed] = await Promise.all([get(scope, licenseId), countTaken(licenseId)]);
    return { seatsUsed, seatsTotal: license.max_seats };
  }

  const countTaken = async (licenseId: string) => (isPlain(licenseId) ? store.count(queries.takenSeats(licenseId)) : 0);

  return { get, create, change, usage };
}

/** An id that would be another path is nobody's. */
const isPlain = (id: string) => /^[A-Za-z0-9_-]{1,128}$/.test(id);
