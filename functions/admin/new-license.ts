import type * as z from 'zod';
import type { createLicense } from '#shared/contract/admin.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import { type LicenseFields, OFFLINE_SECONDS } from '#shared/model/license.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';

type CreateBody = z.output<NonNullable<typeof createLicense.body>>;

/** The terms of a new licence, as the request has them; times are milliseconds since the epoch. */
export type NewLicense = EveryMember<Omit<CreateBody, 'tenant_id'>> & { readonly tenant_id: string };

/** The document of a new licence; its seats are created afterwards. */
export function newLicense(wanted: NewLicense, key: LicenseKey, now: number): EveryMember<LicenseFields> {
  return {
    ...wanted,
    offline_seconds: wanted.offline_seconds ?? OFFLINE_SECONDS[wanted.tier],
    status: 'active',
    archived: false,
    allotted: true,
    seats: 0,
    next_seat: 0,
    reconciling: true,
    keys: [{ hash: hashLicenseKey(key), until: null }],
    created_at: now,
  };
}

/** What was sold with a new licence, for its audit record. */
export const termsOf = ({
  keys: _keys,
  seats: _seats,
  next_seat: _next,
  reconciling: _busy,
  ...terms
}: LicenseFields) => terms;
