import type * as z from 'zod';
import type * as contract from '#shared/contract/admin.ts';
import { formatTime, formatTimeOrNull } from '#shared/license-format/time.ts';
import { type EveryMember, nothingElse } from '#shared/model/every-member.ts';
import type { LicenseFields } from '#shared/model/license.ts';

/** A licence as answers have it: without what only the seat protocol and the key check need. */
export const describeLicense = (
  license: LicenseFields & { readonly id: string },
): EveryMember<z.output<typeof contract.license>> => {
  const { id, expires_at, updates_until, started_at, created_at, ...rest } = license;
  const { announces: _announces, notice_due: _notice, ...told } = rest;
  const { key_changes: _changes, names_people: _names, seats: _seats, next_seat: _next, ...others } = told;
  const { reconciling, reconcile_at, had_borrow: _hadBorrow, ...known } = others;
  const { lease_per, next_lease_per: _nextUnit, on_second, named_users, self_service, ...sold } = known;
  const { archived: _archived, allotted: _allotted, tenant_id, status, ...terms } = sold;
  const { product, tier, features, label, reference, metadata, ...limits } = terms;
  const { max_seats, lease_seconds, offline_seconds, release, borrow, ...lending } = limits;
  const { queue, hold_seconds, machines_per_day, grace_seconds, starts, duration_seconds, ...forgotten } = lending;
  nothingElse(forgotten);
  return {
    license_id: id,
    tenant_id,
    product,
    tier,
    status,
    max_seats,
    expires_at: formatTimeOrNull(expires_at),
    updates_until: formatTimeOrNull(updates_until),
    label,
    reference,
    metadata,
    features,
    lease_seconds,
    offline_seconds,
    release,
    borrow,
    lease_per,
    on_second,
    named_users,
    self_service,
    queue,
    hold_seconds,
    machines_per_day,
    grace_seconds,
    starts,
    duration_seconds,
    started_at: formatTimeOrNull(started_at),
    settling: (reconciling && reconcile_at > 0) || undefined,
    created_at: formatTime(created_at),
  };
};
