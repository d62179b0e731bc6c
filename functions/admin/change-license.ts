import type * as z from 'zod';
import { type Actor, SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { changesOf } from '#shared/audit/changes.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { changeLicense } from '#shared/contract/admin.ts';
import { licenseEvent, typeOfChange } from '#shared/licenses/license-event.ts';
import { asWanted, changesSeats, planChangeAlone } from '#shared/licenses/plan-change.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type License, lendsUntil, seatTarget } from '#shared/model/license.ts';
import { borrowedUntil, expiredBefore, readSession, type Session } from '#shared/model/session.ts';
import { queries } from '#shared/seats/queries.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore, FieldValue } from '#shared/store/store.ts';
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
        const result = changesSeats(after) || license.reconciling;
        if (Object.keys(after).length === 0) return { writes: [], result };
        const { writes, changed } = await planChangeAlone(store, license, after, clock.now());
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
    const { changed } = await planChangeAlone(store, license, after, clock.now());
    const now = clock.now();
    const count = (orphan: boolean) =>
      license.had_borrow ? store.count(queries.borrowsUntilAfter(licenseId, orphan, expiredBefore(now))) : 0;
    const [seatsUsed, borrowed, orphans] = await Promise.all([
      store.count(queries.takenSeats(licenseId)),
      count(false),
      count(true),
    ]);
    const kept = lendsUntil(changed) <= now ? 0 : Math.min(seatTarget(changed, orphans), seatsUsed);
    // A licence that only becomes smaller waits for its borrowed seats.
    const waitedFor = seatTarget(changed) > 0 ? borrowed : 0;
    const ending = Math.max(0, Math.min(seatsUsed - kept, seatsUsed - waitedFor));
    const first =
      ending === 0 ? [] : await store.query(queries.earliestLeaseEnds(licenseId, Math.min(ending, limit) + waitedFor));
    const wouldEnd = first
      .map(readSession)
      .filter((session) => waitedFor === 0 || borrowedUntil(session, expiredBefore(now)) === undefined)
      .slice(0, Math.min(ending, limit));
    return { wouldEnd, count: ending, seatsUsed, seatsTotal: changed.max_seats };
  }

  return { change, archive, preview };
}
