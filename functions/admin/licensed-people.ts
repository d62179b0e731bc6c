import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type KeyRecord, keyWorks, readKey } from '#shared/model/key-record.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { type NamedUser, readNamedUser } from '#shared/model/named-user.ts';
import { userId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document, DocumentStore, Write } from '#shared/store/store.ts';
import { ERASED } from './erased-record.ts';
import { countChange, endKey, keyEnded } from './license-keys.ts';
import { adminQueries } from './queries.ts';

export interface LicensedPeopleOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
}

export interface PersonalKey extends KeyRecord {
  readonly licenseId: string;
}

/** What licences keep of one person. */
export interface LicensedPerson {
  readonly namedUsers: readonly NamedUser[];
  readonly keys: readonly PersonalKey[];
}

export interface LicensedErasure {
  readonly namedUsers: number;
  readonly keys: number;
  /** The licences whose list of users the person is still on. */
  readonly userOf: readonly string[];
}

/** Licences read at a time, and the lists of keys that are read at once. */
const CHUNK = 100;
/** Keys of one licence that one person has: as many as a licence may have. */
const MAX_KEYS = 1_000;

/**
 * The named users and the personal keys of licences. They lie below their licences, so the licences that have named
 * somebody at some time are gone through: one read a licence for the list of users, and one query for the keys.
 */
export function createLicensedPeople({ store, clock, commitAudited }: LicensedPeopleOptions) {
  async function* licensesThatName(): AsyncGenerator<readonly License[]> {
    for (let after: string | undefined; ; ) {
      const documents = await store.query(adminQueries.licensesThatName({ limit: CHUNK, after }));
      yield documents.map(readLicense);
      after = documents.at(-1)?.path;
      if (documents.length < CHUNK) return;
    }
  }

  const readUsers = async (licenses: readonly License[], address: string): Promise<Document[]> =>
    (await store.get(licenses.map(({ id }) => paths.user(id, userId(id, address))))).flatMap((document) =>
      document !== undefined && readNamedUser(document).email === address ? [document] : [],
    );

  async function readKeys({ id }: License, address: string): Promise<PersonalKey[]> {
    const documents = await store.query(adminQueries.keysOfUser(id, address, MAX_KEYS));
    return documents.map((document) => ({ ...readKey(document), licenseId: id }));
  }

  /** @param address as `normalEmail` gives it */
  async function find(address: string): Promise<LicensedPerson> {
    const namedUsers: NamedUser[] = [];
    const keys: PersonalKey[] = [];
    for await (const licenses of licensesThatName()) {
      namedUsers.push(...(await readUsers(licenses, address)).map(readNamedUser));
      keys.push(...(await Promise.all(licenses.map((license) => readKeys(license, address)))).flat());
    }
    return { namedUsers, keys };
  }

  /**
   * Replaces the address. A named user keeps the place on the list, which is found by the hash of the address. A key
   * proves its user by the address, so without it the key ends; the sessions that came with it go on.
   * @throws Fault `dependency_unavailable`
   */
  async function erase(address: string, actor: Actor): Promise<LicensedErasure> {
    let keys = 0;
    const userOf: string[] = [];
    for await (const licenses of licensesThatName()) {
      const users = await readUsers(licenses, address);
      const outcomes = await store.writeEach(
        users.map(({ path }): Write => ({ op: 'update', path, fields: { email: ERASED } })),
      );
      // One that was removed in the meantime fails, too: the repeated request does not find it again.
      if (outcomes.some((failure) => failure !== undefined)) throw unfinished();
      userOf.push(...users.map((document) => readNamedUser(document).license_id));
      for (const { licenseId, id } of (
        await Promise.all(licenses.map((license) => readKeys(license, address)))
      ).flat()) {
        await eraseKey(licenseId, id, address, actor);
        keys += 1;
      }
    }
    return { namedUsers: userOf.length, keys, userOf: userOf.sort() };
  }

  /** The key's label goes with the address: it often is the person's name. */
  async function eraseKey(licenseId: string, keyId: string, address: string, actor: Actor): Promise<void> {
    await commitAudited(actor, async () => {
      const [[found], [document]] = await Promise.all([
        store.get([paths.license(licenseId)]),
        store.query(adminQueries.keyById(licenseId, keyId)),
      ]);
      if (found === undefined || document === undefined) return { writes: [], result: undefined };
      const [license, key] = [readLicense(found), readKey(document)];
      if (key.user_email !== address) return { writes: [], result: undefined };
      const now = clock.now();
      const anonymous = { ...key, label: key.label === null ? null : ERASED };
      const marks = { user_email: ERASED, label: anonymous.label };
      return {
        writes: [countChange(license), ...endKey(license, key, { until: now, endSessions: false, marks })],
        ...keyEnded(license, anonymous, { now, endSessions: false }),
        ...(keyWorks(key, now) && !license.archived ? {} : { outbox: undefined }),
        result: undefined,
      };
    });
  }

  return { find, erase };
}

const unfinished = () =>
  new Fault('dependency_unavailable', 'Not everything could be erased yet. Repeat the request.', { retryAfter: 1 });
