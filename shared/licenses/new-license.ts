import type * as z from 'zod';
import type { createLicense } from '../contract/admin.ts';
import type { EveryMember } from '../model/every-member.ts';
import { nextNotice } from '../model/expiry-notice.ts';
import { type LicenseFields, OFFLINE_SECONDS } from '../model/license.ts';

type CreateBody = z.output<NonNullable<typeof createLicense.body>>;

/** The terms of a new licence, as the request has them; times are milliseconds since the epoch. */
export type NewLicense = EveryMember<Omit<CreateBody, 'tenant_id'>> & { readonly tenant_id: string };

/** The document of a new licence. Its key is a document of the same commit; its seats are created afterwards. */
export function newLicense(wanted: NewLicense, now: number): EveryMember<LicenseFields> {
  const { license_key: _key, ...terms } = wanted;
  return {
    ...terms,
    offline_seconds: wanted.offline_seconds ?? OFFLINE_SECONDS[wanted.tier],
    status: 'active',
    archived: false,
    allotted: true,
    seats: 0,
    next_seat: 0,
    reconciling: true,
    reconcile_at: 0,
    had_borrow: wanted.borrow !== null,
    next_lease_per: null,
    announces: [],
    notice_due: nextNotice(wanted.expires_at, now),
    names_people: false,
    key_changes: 0,
    started_at: null,
    created_at: now,
  };
}

/** What was sold with a new licence, for its audit record. */
export const termsOf = ({
  announces: _announces,
  notice_due: _notice,
  names_people: _names,
  key_changes: _changes,
  seats: _seats,
  next_seat: _next,
  reconciling: _busy,
  reconcile_at: _then,
  had_borrow: _hadBorrow,
  next_lease_per: _nextUnit,
  ...terms
}: LicenseFields) => terms;
