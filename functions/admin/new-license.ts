import { DEFAULT_LEASE_SECONDS, type LicenseFields, OFFLINE_SECONDS, type Tier } from '#shared/model/license.ts';
import { hashLicenseKey, type LicenseKey } from '#shared/model/license-key.ts';

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

/** The document of a licence whose seats are still to be made. */
export const newLicense = (wanted: NewLicense, key: LicenseKey, now: number): LicenseFields => ({
  tenant_id: wanted.tenantId,
  tier: wanted.tier,
  features: wanted.features,
  status: 'active',
  max_seats: wanted.maxSeats,
  seats: 0,
  next_seat: 0,
  reconciling: true,
  expires_at: wanted.expiresAt,
  lease_seconds: wanted.leaseSeconds ?? DEFAULT_LEASE_SECONDS,
  offline_seconds: wanted.offlineSeconds ?? OFFLINE_SECONDS[wanted.tier],
  keys: [{ hash: hashLicenseKey(key), until: null }],
  created_at: now,
});
