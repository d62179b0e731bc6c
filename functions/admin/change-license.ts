import type * as z from 'zod';
import { type Actor, SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { type changeLicense, MORE_THAN_SEATS } from '#shared/contract/admin.ts';
import { DURATION_NEEDED } from '#shared/contract/seat-terms.ts';
import { licenseEvent, typeOfChange } from '#shared/licenses/license-event.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { hasEnded, type License, type LicenseFields, licenseDocument, seatTarget } from '#shared/model/license.ts';
import { readSession, type Session } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore, Fields, FieldValue, Write } from '#shared/store/store.ts';
import { allotSeats, isAllotted, seatsOf } from './allotment.ts';
import { changesOf } from './changes.ts';
import type { FindLicenses } from './find-licenses.ts';
import type { Scope } from './scope.ts';

/** New values of a licence's fields. An undefined field stays unchanged. */
export type LicenseChange = {
  readonly [Field in keyof ChangeBody]?: ChangeBody[Field] | undefined;
};

type ChangeBody = z.output<NonNullable<typeof changeLicense.body>>;

export interface ChangeLicenseOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly reconcile: ReconcileSeats;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
  readonly licenses: Pick<FindLicenses, 'get'>;
}

export interface ChangePreview {
  readonly wouldEnd: readonly Session[];
  /** Of all sessions that would end, also those beyond the limit. */
  readonly count: number;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
}

/** Changes and archives licences, and tells beforehand what a change would end. */
export function createChangeLicense({ store, clock, reconcile, commitAudited, mutex, licenses }: ChangeLicenseOptions) {
  const { get } = licenses;

  /**
   * Returns when the seats match the changed licence. Repeating the call after a fault is safe. A
   * suspended licence keeps its share of the tenant's seats, so that it can always be reinstated.
   * @throws Fault `license_not_found`, `conflict` for an archived licence, `seat_limit_exceeded`, `dependency_unavailable`
   */
  async function change(
    scope: Scope,
    licenseId: string,
    wanted: LicenseChange,
    actor: Actor = SYSTEM_ACTOR,
  ): Promise<License> {
    return commitChange(scope, licenseId, 'license.change', actor, (license) => {
      if (license.archived) throw new Fault('conflict', 'The licence is archived.');
      return wanted;
    });
  }

  /** Ends a licence for good. Repeating it succeeds. @throws Fault `license_not_found`, `dependency_unavailable` */
  async function archive(scope: Scope, licenseId: string, actor: Actor): Promise<void> {
    await commitChange(scope, licenseId, 'license.archive', actor, () => ({ status: 'archived', archived: true }));
  }

  async function commitChange(
    scope: Scope,
    licenseId: string,
    action: string,
    actor: Actor,
    updateOf: (license: License) => Readonly<Record<string, FieldValue | undefined>>,
  ): Promise<License> {
    const { tenant_id } = await get(scope, licenseId);
    const isReconciling = await mutex.runExclusive(tenant_id, () =>
      commitAudited(actor, async () => {
        const license = await get(scope, licenseId);
        const { before, after } = changesOf(asWanted(license), updateOf(license));
        const changesSeats = 'status' in after || 'max_seats' in after || 'lease_per' in after;
        const result = changesSeats || license.reconciling;
        if (Object.keys(after).length === 0) return { writes: [], result };
        const { writes, changed } = await planChange(license, after, changesSeats);
        return {
          writes,
          event: { action, tenantId: license.tenant_id, licenseId, details: { before, after } },
          outbox: licenseEvent(typeOfChange(license, changed), changed, license),
          result,
        };
      }),
    );
    if (isReconciling) await reconcile(licenseId);
    return get(scope, licenseId);
  }

  /** @throws Fault `seat_limit_exceeded`, `invalid_request` for terms that do not go together */
  async function planChange(license: License, after: Partial<LicenseFields>, changesSeats: boolean) {
    const now = clock.now();
    const update = { ...after, ...leaseUnitChange(license, after) };
    const changed = { ...license, ...update };
    // A licence that is made smaller later may have fewer seats than could be borrowed.
    if (after.borrow && after.borrow.max_seats > changed.max_seats) {
      throw invalid([{ path: 'borrow.max_seats', message: MORE_THAN_SEATS }]);
    }
    if (changed.starts !== null && changed.duration_seconds === null) {
      throw invalid([{ path: 'duration_seconds', message: DURATION_NEEDED }]);
    }
    const allotted = isAllotted(changed, now);
    const fields = { ...update, allotted, ...(changesSeats ? { reconciling: true } : {}) };
    const seats = seatsOf({ ...changed, allotted }) - seatsOf(license);
    const { tenant_id: tenantId, id: licenseId, updateTime: lastUpdateTime } = license;
    const writes: Write[] = [
      { op: 'update', path: paths.license(licenseId), fields: licenseDocument(fields), lastUpdateTime },
      ...(await allotSeats(store, { tenantId, seats, licenseId, now })),
    ];
    return { changed, writes };
  }

  /**
   * What a change would end. Nothing is written.
   * @param limit the sessions that are returned at most
   * @throws Fault as `change`
   */
  async function preview(
    scope: Scope,
    licenseId: string,
    wanted: LicenseChange,
    limit: number,
  ): Promise<ChangePreview> {
    const license = await get(scope, licenseId);
    if (license.archived) throw new Fault('conflict', 'The licence is archived.');
    const { after } = changesOf(asWanted(license), { ...wanted });
    const { changed } = await planChange(license, after, false);
    const seatsUsed = await store.count(queries.takenSeats(licenseId));
    const kept = hasEnded(changed, clock.now()) ? 0 : Math.min(seatTarget(changed), seatsUsed);
    const count = seatsUsed - kept;
    const documents =
      count === 0 ? [] : await store.query(queries.earliestLeaseEnds(licenseId, Math.min(count, limit)));
    return { wouldEnd: documents.map(readSession), count, seatsUsed, seatsTotal: changed.max_seats };
  }

  return { change, archive, preview };
}

/** The licence as it will be once a change of what its seats are leased per is finished. */
const asWanted = (license: License): Fields => ({
  ...license,
  lease_per: license.next_lease_per ?? license.lease_per,
});

/** What the seats are leased per changes when the licence has none left; `reconcile` does that. */
function leaseUnitChange(license: License, { lease_per: wanted }: Partial<LicenseFields>): Partial<LicenseFields> {
  if (wanted === undefined) return {};
  return { lease_per: license.lease_per, next_lease_per: wanted === license.lease_per ? null : wanted };
}
