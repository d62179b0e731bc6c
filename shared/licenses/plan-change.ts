import { MORE_THAN_SEATS } from '../contract/admin.ts';
import { DURATION_NEEDED } from '../contract/seat-terms.ts';
import { invalid } from '../model/errors.ts';
import { nextNotice } from '../model/expiry-notice.ts';
import { type License, type LicenseFields, licenseDocument } from '../model/license.ts';
import { UNFINISHED } from '../seats/license-commits.ts';
import { paths } from '../seats/paths.ts';
import type { DocumentReader, Fields, Write } from '../store/store.ts';
import { allotSeats, isAllotted, seatsOf } from './allotment.ts';

/** A change of one licence, without its tenant's count of seats. */
export interface PlannedChange {
  readonly changed: License;
  /** It requires that the licence has not changed since it was read. */
  readonly write: Write;
  /** Seats to add to the tenant's count, or to take off. */
  readonly seats: number;
}

/** Whether seats must be made or ended after a change. */
export const changesSeats = (after: Partial<LicenseFields>): boolean =>
  'status' in after || 'max_seats' in after || 'lease_per' in after;

/**
 * @param now milliseconds since the epoch
 * @throws Fault `invalid_request` for terms that do not go together
 */
export function planChange(license: License, after: Partial<LicenseFields>, now: number): PlannedChange {
  const update = { ...after, ...leaseUnitChange(license, after) };
  const changed = { ...license, ...update };
  // A licence that is made smaller later may have fewer seats than could be borrowed.
  if (after.borrow && after.borrow.max_seats > changed.max_seats) {
    throw invalid([{ path: 'borrow.max_seats', message: MORE_THAN_SEATS }]);
  }
  if (changed.starts !== null && changed.duration_seconds === null) {
    throw invalid([{ path: 'duration_seconds', message: DURATION_NEEDED }]);
  }
  const borrowing = after.borrow ? { had_borrow: true } : {};
  const allotted = isAllotted(changed, now);
  const notice_due = changed.archived ? null : nextNotice(changed.expires_at, now);
  const fields = {
    ...update,
    allotted,
    ...('expires_at' in after || changed.archived ? { notice_due } : {}),
    ...(changesSeats(after) ? UNFINISHED : {}),
    ...borrowing,
  };
  return {
    changed,
    seats: seatsOf({ ...changed, allotted }) - seatsOf(license),
    write: {
      op: 'update',
      path: paths.license(license.id),
      fields: licenseDocument(fields),
      lastUpdateTime: license.updateTime,
    },
  };
}

/**
 * The writes that change one licence and its tenant's count, provided that neither has changed since it was read. The
 * seats are reconciled after the commit.
 * @throws Fault `seat_limit_exceeded`, `invalid_request` for terms that do not go together
 */
export async function planChangeAlone(
  store: Pick<DocumentReader, 'get' | 'query'>,
  license: License,
  after: Partial<LicenseFields>,
  now: number,
): Promise<{ readonly changed: License; readonly writes: readonly Write[] }> {
  const { changed, write, seats } = planChange(license, after, now);
  const { tenant_id: tenantId, id: licenseId } = license;
  return { changed, writes: [write, ...(await allotSeats(store, { tenantId, seats, licenseIds: [licenseId], now }))] };
}

/** The licence as it will be once a change of what its seats are leased per is finished. */
export const asWanted = (license: License): Fields => ({
  ...license,
  lease_per: license.next_lease_per ?? license.lease_per,
});

/** What the seats are leased per changes when the licence has none left; `reconcile` does that. */
function leaseUnitChange(license: License, { lease_per: wanted }: Partial<LicenseFields>): Partial<LicenseFields> {
  if (wanted === undefined) return {};
  return { lease_per: license.lease_per, next_lease_per: wanted === license.lease_per ? null : wanted };
}
