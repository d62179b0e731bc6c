import type * as z from 'zod';
import { createKeyedMutex, type KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { changeLicense } from '#shared/contract/admin.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import {
  hasEnded,
  type License,
  type LicenseFields,
  licenseDocument,
  readLicense,
  seatTarget,
} from '#shared/model/license.ts';
import { hashLicenseKey, newLicenseId, newLicenseKey, sameDigest } from '#shared/model/license-key.ts';
import { readSession, type Session } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { ReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore, FieldValue, Write } from '#shared/store/store.ts';
import { type Actor, SYSTEM_ACTOR } from './actor.ts';
import { allotSeats, isAllotted, seatsOf } from './allotment.ts';
import { changesOf } from './changes.ts';
import { type AuditedChange, type CommitAudited, createCommitAudited } from './commit-audited.ts';
import { type NewLicense, newLicense, termsOf } from './new-license.ts';
import type { Once } from './once.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import { isPlainId } from './paths.ts';
import { adminQueries } from './queries.ts';
import type { ListScope, Scope } from './scope.ts';

/** New values of a licence's fields. An undefined field stays unchanged. */
export type LicenseChange = {
  readonly [Field in keyof ChangeBody]?: ChangeBody[Field] | undefined;
};

type ChangeBody = z.output<NonNullable<typeof changeLicense.body>>;

export interface LicensesOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly reconcile: ReconcileSeats;
  /** Default: its own. */
  readonly commitAudited?: CommitAudited;
  readonly mutex?: KeyedMutex;
}

export interface LicenseFilter {
  /** Undefined for every tenant in the caller's scope. */
  readonly tenantId?: string | undefined;
  /** The beginning of a label, reference or id, in any letter case. */
  readonly q?: string | undefined;
  readonly status?: License['status'] | undefined;
  readonly tier?: License['tier'] | undefined;
  readonly reference?: string | undefined;
  /** Milliseconds since the epoch; licences without an end do not match. */
  readonly expiresBefore?: number | undefined;
}

const beginsWith = ({ id, label, reference }: License, q: string): boolean =>
  [id, label, reference].some((text) => text?.toLowerCase().startsWith(q.toLowerCase()) === true);

export interface CreatedLicense {
  readonly license: LicenseFields;
  readonly licenseId: string;
  readonly licenseKey: string;
}

export interface ChangePreview {
  readonly wouldEnd: readonly Session[];
  /** Of all sessions that would end, also those beyond the limit. */
  readonly count: number;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
}

export interface RotatedKey {
  readonly licenseKey: string;
  /** Milliseconds since the epoch until which older keys work. */
  readonly oldKeysUntil: number;
}

/** Keys of one licence that work at the same time. A licence whose keys leak more often should be suspended. */
const MAX_KEYS = 10;

/** Administration of licences. A licence outside the caller's scope is reported as not found. */
export function createLicenses({ store, clock, reconcile, ...options }: LicensesOptions) {
  const { commitAudited = createCommitAudited({ store, clock }), mutex = createKeyedMutex() } = options;

  async function get(scope: Scope, licenseId: string): Promise<License> {
    const [document] = isPlainId(licenseId) ? await store.get([paths.license(licenseId)]) : [];
    const license = document && readLicense(document);
    if (license === undefined || !scope.includes(license.tenant_id)) {
      throw new Fault('license_not_found', 'The id is unknown, or belongs to another tenant.');
    }
    return license;
  }

  /** Archived licences are left out unless the filter names their status. */
  async function list(scope: ListScope, filter: LicenseFilter, request: PageRequest): Promise<Page<License>> {
    const { tenantId, status, tier, reference, q, expiresBefore } = filter;
    const equal = { tenant_id: scope.listed(tenantId), archived: status === 'archived', status, tier, reference };
    const matches = (license: License) =>
      (q === undefined || beginsWith(license, q)) &&
      (expiresBefore === undefined || hasEnded(license, expiresBefore - 1));
    return readMatching(store, request, (range) => adminQueries.licenses(equal, range), { read: readLicense, matches });
  }

  /** The licence that a key opens. @throws Fault `license_not_found` */
  async function lookup(scope: Scope, key: LicenseKey): Promise<License> {
    const license = await get(scope, key.licenseId);
    const hash = hashLicenseKey(key);
    const works = license.keys.some(
      (known) => sameDigest(known.hash, hash) && (known.until === null || known.until > clock.now()),
    );
    if (works && !license.archived) return license;
    throw new Fault('license_not_found', 'The key was typed wrongly, replaced, or never issued.');
  }

  /**
   * Creates a licence and returns its key, of which only a hash is stored. The licence and its share of the tenant's
   * seats are one commit.
   * @throws Fault `not_found` for an unknown tenant, `seat_limit_exceeded`, `dependency_unavailable`
   */
  async function create(wanted: NewLicense, actor: Actor, once?: Once<CreatedLicense>): Promise<CreatedLicense> {
    const licenseId = newLicenseId();
    const key = newLicenseKey(licenseId);
    const { tenant_id: tenantId } = wanted;
    const license = newLicense(wanted, key, clock.now());
    const created = { license, licenseId, licenseKey: key.text };
    const prepare = async () => {
      const path = paths.license(licenseId);
      const seats = seatsOf(license);
      return {
        writes: [
          { op: 'create' as const, path, fields: licenseDocument(license) },
          ...(await allotSeats(store, { tenantId, seats, licenseId, now: clock.now() })),
        ],
        event: { action: 'license.create', tenantId, licenseId, details: termsOf(license) },
        result: created,
      };
    };
    await mutex.runExclusive(tenantId, () => commitAudited(actor, prepare, once));
    // The licence exists now and its key must reach the caller, so a failure here is ignored: the reaper makes the
    // missing seats.
    await reconcile(licenseId).catch((error) => {
      if (!isFault(error, 'dependency_unavailable')) throw error;
    });
    return created;
  }

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
        const { before, after } = changesOf({ ...license }, updateOf(license));
        const changesSeats = 'status' in after || 'max_seats' in after;
        const result = changesSeats || license.reconciling;
        if (Object.keys(after).length === 0) return { writes: [], result };
        const { writes } = await planChange(license, after, changesSeats);
        return {
          writes,
          event: { action, tenantId: license.tenant_id, licenseId, details: { before, after } },
          result,
        };
      }),
    );
    if (isReconciling) await reconcile(licenseId);
    return get(scope, licenseId);
  }

  /** @throws Fault `seat_limit_exceeded` */
  async function planChange(license: License, after: Partial<LicenseFields>, changesSeats: boolean) {
    const now = clock.now();
    const changed = { ...license, ...after };
    const allotted = isAllotted(changed, now);
    const fields = { ...after, allotted, ...(changesSeats ? { reconciling: true } : {}) };
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
    const { after } = changesOf({ ...license }, { ...wanted });
    const { changed } = await planChange(license, after, false);
    const seatsUsed = await store.count(queries.takenSeats(licenseId));
    const kept = hasEnded(changed, clock.now()) ? 0 : Math.min(seatTarget(changed), seatsUsed);
    const count = seatsUsed - kept;
    const documents =
      count === 0 ? [] : await store.query(queries.earliestLeaseEnds(licenseId, Math.min(count, limit)));
    return { wouldEnd: documents.map(readSession), count, seatsUsed, seatsTotal: changed.max_seats };
  }

  /**
   * Issues a new key, for a licence whose key has leaked. Older keys work until the end of the grace period, or of their
   * own if that is earlier. Machines that acquire with the new key keep their seats.
   * @throws Fault `license_not_found`, `conflict` when too many keys work at once, `dependency_unavailable`
   */
  async function rotateKey(
    scope: Scope,
    licenseId: string,
    graceSeconds: number,
    actor: Actor,
    once?: Once<RotatedKey>,
  ): Promise<RotatedKey> {
    const { id } = await get(scope, licenseId);
    const key = newLicenseKey(id);
    const fresh = { hash: hashLicenseKey(key), until: null };
    const prepare = async (): Promise<AuditedChange<RotatedKey>> => {
      const license = await get(scope, licenseId);
      const now = clock.now();
      const until = now + graceSeconds * 1000;
      const old = license.keys
        .map((known) => ({ hash: known.hash, until: Math.min(known.until ?? until, until) }))
        .filter((known) => known.until > now);
      if (old.length >= MAX_KEYS) {
        throw new Fault(
          'conflict',
          `This licence already has ${MAX_KEYS} working keys. Wait until the grace period of one ends.`,
        );
      }
      const fields = { keys: [fresh, ...old] };
      return {
        writes: [{ op: 'update', path: paths.license(licenseId), fields, lastUpdateTime: license.updateTime }],
        event: {
          action: 'license.rotate_key',
          tenantId: license.tenant_id,
          licenseId,
          details: { grace_seconds: graceSeconds, old_keys: old.length },
        },
        result: { licenseKey: key.text, oldKeysUntil: until },
      };
    };
    return commitAudited(actor, prepare, once);
  }

  return { get, list, lookup, create, change, archive, preview, rotateKey };
}
