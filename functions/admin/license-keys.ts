import type { Actor } from '#shared/audit/actor.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import { formatTimeOrNull } from '#shared/license-format/time.ts';
import { licenseEvent } from '#shared/licenses/license-event.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import {
  KEY_RETENTION,
  type KeyFields,
  type KeyRecord,
  keyWorks,
  newKeyFields,
  readKey,
} from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import { hashLicenseKey, isKeyId, newKeyId, newLicenseKey } from '#shared/model/license-key.ts';
import type { EndSessionsOfKey } from '#shared/seats/key-sessions.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { FindLicenses } from './find-licenses.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import { adminQueries } from './queries.ts';
import type { Scope } from './scope.ts';

export interface LicenseKeysOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly licenses: Pick<FindLicenses, 'get'>;
  readonly endSessionsOfKey: EndSessionsOfKey;
}

/** What becomes of the keys that a licence has when it gets another. */
export type OlderKeys =
  | { readonly kind: 'keep' }
  | { readonly kind: 'end'; readonly graceSeconds: number; readonly endSessions: boolean };

export interface NewKey {
  readonly label: string | null;
  readonly priority: number;
  /** Whose key it is; null: anybody's. */
  readonly userEmail: string | null;
  readonly older: OlderKeys;
}

export interface IssuedKey {
  readonly licenseId: string;
  readonly licenseKey: string;
  readonly key: KeyFields;
  /** Milliseconds since the epoch until which older keys work; null when they go on. */
  readonly oldKeysUntil: number | null;
}

/** Keys of one licence that have no end: as many as one commit can end. */
const MAX_KEYS = 1_000;

/** Sessions that a request ends itself; the reaper ends the others. */
const MAX_ENDED_AT_ONCE = 200;

/**
 * The keys of licences. Every change of a licence's keys is guarded by the licence's document, so two changes never pass
 * each other: a key that ends while another is created stays ended.
 */
export function createLicenseKeys({ store, clock, commitAudited, licenses, endSessionsOfKey }: LicenseKeysOptions) {
  /** The keys that work, in the order of their ids. @throws Fault `license_not_found` */
  async function list(scope: Scope, licenseId: string, request: PageRequest): Promise<Page<KeyRecord>> {
    const { id, archived } = await licenses.get(scope, licenseId);
    if (archived) return { items: [], next: undefined };
    const now = clock.now();
    return readMatching(store, request, (range) => adminQueries.keysOf(id, range), {
      read: readKey,
      matches: (key) => keyWorks(key, now),
      idOf: ({ fields }) => String(fields['id']),
    });
  }

  /**
   * Issues another key. Only a hash of it is stored. A machine that acquires with it keeps its seat.
   * @throws Fault `license_not_found`, `conflict` for an archived licence or one with too many keys,
   *   `dependency_unavailable`
   */
  async function create(
    scope: Scope,
    licenseId: string,
    { label, priority, userEmail, older }: NewKey,
    actor: Actor,
    once?: Once<IssuedKey>,
  ): Promise<IssuedKey> {
    const { id } = await licenses.get(scope, licenseId);
    const licenseKey = newLicenseKey(id);
    const keyId = newKeyId();
    const prepare = async (): Promise<AuditedChange<IssuedKey>> => {
      const license = await licenses.get(scope, licenseId);
      if (license.archived) throw new Fault('conflict', 'The licence is archived.');
      const now = clock.now();
      const key = newKeyFields(keyId, label, now, { priority, userEmail });
      const oldKeysUntil = older.kind === 'keep' ? null : now + older.graceSeconds * 1000;
      const ended = older.kind === 'keep' ? [] : await keysBeyond(license, now + older.graceSeconds * 1000);
      if (older.kind === 'keep') await requireRoom(license);
      const endSessions = older.kind === 'end' && older.endSessions;
      return {
        writes: [
          countChange(license, { names_people: license.names_people || userEmail !== null }),
          { op: 'create', path: paths.key(id, hashLicenseKey(licenseKey)), fields: { ...key } },
          ...ended.flatMap((old) => endKey(license, old, { until: oldKeysUntil ?? now, endSessions })),
        ],
        event: {
          action: 'license.create_key',
          tenantId: license.tenant_id,
          licenseId,
          details: {
            key: keyId,
            label,
            priority,
            ...(userEmail === null ? {} : { user_email: userEmail }),
            old_keys: ended.map((old) => old.id),
            old_keys_until: oldKeysUntil,
            end_sessions: endSessions,
          },
        },
        outbox: licenseEvent('license.key_rotated', license, undefined, {
          key: keyId,
          old_keys: ended.map((old) => old.id),
          old_keys_until: formatTimeOrNull(oldKeysUntil),
        }),
        result: { licenseId: id, licenseKey: licenseKey.text, key, oldKeysUntil },
      };
    };
    return commitAudited(actor, prepare, once);
  }

  /** The keys that would work beyond a moment. */
  async function keysBeyond({ id }: License, until: number): Promise<readonly KeyRecord[]> {
    const found = await Promise.all([
      store.query(adminQueries.keysWithoutEnd(id, MAX_KEYS)),
      store.query(adminQueries.keysUntilAfter(id, until, MAX_KEYS)),
    ]);
    return found.flat().map(readKey);
  }

  async function requireRoom({ id }: License): Promise<void> {
    if ((await store.count(adminQueries.keysWithoutEnd(id, MAX_KEYS))) < MAX_KEYS) return;
    throw new Fault('conflict', `The licence has ${MAX_KEYS} keys. End those that nobody needs.`);
  }

  /**
   * Ends a key: it neither acquires nor refreshes any more. Its sessions go on until their programs end, or end as well:
   * as many as a request has time for at once, the others by the reaper. Repeating the call succeeds.
   * @throws Fault `license_not_found`, `not_found` for a key that the licence never had, `dependency_unavailable`
   */
  async function end(
    scope: Scope,
    licenseId: string,
    keyId: string,
    endSessions: boolean,
    actor: Actor,
  ): Promise<void> {
    await commitAudited(actor, async () => {
      const license = await licenses.get(scope, licenseId);
      const [document] = isKeyId(keyId) ? await store.query(adminQueries.keyById(license.id, keyId)) : [];
      if (document === undefined) throw new Fault('not_found', 'The licence has no key with this id.');
      const key = readKey(document);
      const now = clock.now();
      const isDone = !keyWorks(key, now) && (key.end_sessions || !endSessions);
      if (isDone) return { writes: [], result: undefined };
      return {
        writes: [countChange(license), ...endKey(license, key, { until: now, endSessions })],
        ...keyEnded(license, key, { now, endSessions }),
        result: undefined,
      };
    });
    if (endSessions) await endSessionsNow(keyId);
  }

  /** The key has ended, and the reaper ends what this does not: a failure here is ignored. */
  async function endSessionsNow(keyId: string): Promise<void> {
    await endSessionsOfKey(keyId, MAX_ENDED_AT_ONCE).catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error;
    });
  }

  return { list, create, end };
}

/** Makes the commit fail if the licence, and with it any of its keys, has changed since it was read. */
export const countChange = (
  { id, key_changes, updateTime }: License,
  more: Partial<Pick<License, 'names_people'>> = {},
): Write => ({
  op: 'update',
  path: paths.license(id),
  fields: { ...more, key_changes: key_changes + 1 },
  lastUpdateTime: updateTime,
});

interface KeyEnd {
  /** Milliseconds since the epoch. A key that ends earlier keeps its end. */
  readonly until: number;
  readonly endSessions: boolean;
  /** Further fields of the key's document. */
  readonly marks?: Partial<KeyFields>;
}

/** What is told of a key that ends now. */
export const keyEnded = (
  license: License,
  { id, label }: Pick<KeyRecord, 'id' | 'label'>,
  { now, endSessions }: { readonly now: number; readonly endSessions: boolean },
) => ({
  event: {
    action: 'license.end_key',
    tenantId: license.tenant_id,
    licenseId: license.id,
    details: { key: id, label, end_sessions: endSessions },
  },
  outbox: licenseEvent('license.key_rotated', license, undefined, {
    key: null,
    old_keys: [id],
    old_keys_until: formatTimeOrNull(now),
  }),
});

export function endKey({ id: licenseId }: License, key: KeyRecord, end: KeyEnd): Write[] {
  const until = Math.min(end.until, key.until ?? end.until);
  const fields = { ...end.marks, until, end_sessions: key.end_sessions || end.endSessions };
  return [
    { op: 'update', path: paths.key(licenseId, key.hash), fields, deleteAfter: until + KEY_RETENTION },
    ...(fields.end_sessions ? [{ op: 'set' as const, path: paths.keyEnding(key.id), fields: { due: until } }] : []),
  ];
}
