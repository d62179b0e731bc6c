import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { type EveryMember, nothingElse } from '#shared/model/every-member.ts';
import { DEFAULT_LEASE_SECONDS, type LicenseFields, OFFLINE_SECONDS, type Tier } from '#shared/model/license.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';

/** No member is optional, and the document below names each: one that is added is a type error where it is forgotten. */
export interface NewLicense {
  readonly tenantId: string;
  readonly tier: Tier;
  readonly maxSeats: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly features: LicenseFields['features'];
  readonly leaseSeconds: number | undefined;
  readonly offlineSeconds: number | undefined;
}

/** The document of a new licence; its seats are created afterwards. */
export function newLicense(wanted: NewLicense, key: LicenseKey, now: number): EveryMember<LicenseFields> {
  const { tenantId, tier, maxSeats, expiresAt, features, leaseSeconds, offlineSeconds, ...rest } = wanted;
  nothingElse(rest);
  return {
    tenant_id: tenantId,
    tier,
    features,
    status: 'active',
    max_seats: maxSeats,
    seats: 0,
    next_seat: 0,
    reconciling: true,
    expires_at: expiresAt,
    lease_seconds: leaseSeconds ?? DEFAULT_LEASE_SECONDS,
    offline_seconds: offlineSeconds ?? OFFLINE_SECONDS[tier],
    keys: [{ hash: hashLicenseKey(key), until: null }],
    created_at: now,
  };
}
