import type { Actor } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import { type AuditRecord, readAudit } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { type DenialRecord, readDenial } from '#shared/model/denial-record.ts';
import { normalEmail } from '#shared/model/email.ts';
import { Fault } from '#shared/model/errors.ts';
import { type Person, personPath, readPerson } from '#shared/model/person.ts';
import { readSession, type Session } from '#shared/model/session.ts';
import { type Invitation, type Member, readInvitation, readMember } from '#shared/model/tenant.ts';
import { CommitError, type Document, type DocumentStore, type Query, type Write } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { ERASED, erasedEvent, erasedRecord } from './erased-record.ts';
import { createLicensedPeople, type LicensedErasure, type LicensedPerson } from './licensed-people.ts';
import { adminPaths } from './paths.ts';
import { adminQueries, type QueryRange } from './queries.ts';
import { createWaitingPeople, type WaitingMachine } from './waiting-people.ts';

export interface PeopleOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
}

export interface Membership extends Member {
  readonly tenantId: string;
}

/** What is kept of one person. */
export interface PersonData extends LicensedPerson {
  readonly users: readonly Person[];
  readonly memberships: readonly Membership[];
  readonly invitations: readonly Invitation[];
  readonly sessions: readonly Session[];
  readonly denials: readonly DenialRecord[];
  readonly waiting: readonly WaitingMachine[];
  readonly audit: readonly AuditRecord[];
  /** Nothing was left out. */
  readonly complete: boolean;
}

export interface Erasure {
  readonly erased: {
    readonly users: number;
    readonly members: number;
    readonly invitations: number;
    readonly sessions: number;
    readonly denials: number;
    readonly waiting: number;
    readonly auditRecords: number;
    readonly namedUsers: number;
    readonly keys: number;
  };
  /** The tenants whose rights the person still has. */
  readonly memberOf: readonly string[];
  /** The licences on whose list of users the person still is. */
  readonly userOf: LicensedErasure['userOf'];
}

const CHUNK = 200;
/** Changes of one document that others change at the same time, before the caller is asked to repeat. */
const ATTEMPTS = 5;

/**
 * What the suite keeps of a person, found by the address in the one form in which addresses are stored and compared,
 * however it was spelled when it was sent. A session's user is what the client says, so it need not be a user.
 */
export function createPeople({ store, clock, commitAudited }: PeopleOptions) {
  const licensed = createLicensedPeople({ store, clock, commitAudited });
  const waiters = createWaitingPeople({ store });

  /** @param limit of each kind */
  async function exportOf(email: string, limit: number, actor: Actor): Promise<PersonData> {
    const address = normalEmail(email);
    const users = (await readAll(address, adminQueries.usersOf, limit)).map(readPerson);
    const [invitations, sessions, denials, waiting, ofLicenses, records] = await Promise.all([
      readAll(address, adminQueries.invitationsOf, limit),
      readAll(address, adminQueries.sessionsOfUser, limit),
      readAll(address, adminQueries.denialsOfUser, limit),
      waiters.find(address),
      licensed.find(address),
      Promise.all([
        readAll(address, adminQueries.auditOfActor, limit),
        readAll(address, adminQueries.auditOfSubject, limit),
      ]),
    ]);
    const audit = [...new Map(records.flat().map((document) => [document.id, document])).values()];
    await commitAudited(actor, async () => ({
      writes: [],
      event: { action: 'person.export', tenantId: '', details: { email: address } },
      result: undefined,
    }));
    return {
      users,
      memberships: (await Promise.all(users.map(readMemberships))).flat(),
      invitations: invitations.map(readInvitation),
      sessions: sessions.map(readSession),
      denials: denials.map(readDenial),
      waiting,
      ...ofLicenses,
      audit: audit.map(readAudit).sort((a, b) => (a.id < b.id ? -1 : 1)),
      complete: [invitations, sessions, denials, ...records].every((documents) => documents.length < limit),
    };
  }

  async function readMemberships({ uid, tenants }: Person): Promise<Membership[]> {
    const ids = Object.keys(tenants);
    const documents = await store.get(ids.map((tenantId) => adminPaths.member(tenantId, uid)));
    return documents.flatMap((document, index) =>
      document === undefined ? [] : [{ ...readMember(document), tenantId: ids[index] ?? '' }],
    );
  }

  /**
   * Each step finds what is left and replaces the address in it, so an erasure that was interrupted goes on when it is
   * repeated.
   * @throws Fault `dependency_unavailable` when documents kept changing, or the store failed
   */
  async function erase(email: string, actor: Actor, once?: Once<Erasure>): Promise<Erasure> {
    await once?.check();
    const address = normalEmail(email);
    const { users, members, memberOf } = await eraseUsers(address);
    const invitations = await eraseEach(address, adminQueries.invitationsOf, ({ path }) => ({ op: 'delete', path }));
    const eraseUser = ({ path }: Document): Write => ({
      op: 'update',
      path,
      fields: { user_email: ERASED, user: null, hostname: ERASED },
    });
    // Before the sessions: a machine that is served meanwhile has its name in one of them.
    const waiting = await waiters.erase(address);
    const sessions = await eraseEach(address, adminQueries.sessionsOfUser, eraseUser);
    const denials = await eraseEach(address, adminQueries.denialsOfUser, eraseUser);
    const { userOf, ...ofLicenses } = await licensed.erase(address, actor);
    const replace = (document: Document): Write => erasedRecord(document, address);
    const auditRecords =
      (await eraseEach(address, adminQueries.auditOfSubject, replace)) +
      (await eraseEach(address, adminQueries.auditOfActor, replace));
    await eraseEach(address, webhookQueries.eventsOfSubject, (document) => erasedEvent(document, address));
    const erased = { users, members, invitations, sessions, denials, waiting, auditRecords, ...ofLicenses };
    const prepare = async () => ({
      writes: [],
      event: { action: 'person.erase', tenantId: '', details: erased },
      result: { erased, memberOf, userOf },
    });
    return commitAudited(actor, prepare, once);
  }

  /** A person's document and list entries are one commit, guarded: a membership may change at the same time. */
  async function eraseUsers(address: string) {
    const memberOf = new Set<string>();
    let users = 0;
    let members = 0;
    for (let attempt = 1; ; attempt += 1) {
      const found = (await readAll(address, adminQueries.usersOf, CHUNK)).map(readPerson);
      if (found.length === 0) return { users, members, memberOf: [...memberOf].sort() };
      if (attempt > ATTEMPTS) throw unsettled();
      for (const person of found) {
        const memberships = await readMemberships(person);
        const committed = await tryCommit([
          { op: 'update', path: personPath(person.uid), fields: { email: ERASED }, lastUpdateTime: person.updateTime },
          ...memberships.map(
            ({ tenantId, uid, updateTime: lastUpdateTime }): Write => ({
              op: 'update',
              path: adminPaths.member(tenantId, uid),
              fields: { email: ERASED },
              lastUpdateTime,
            }),
          ),
        ]);
        if (!committed) continue;
        users += 1;
        members += memberships.length;
        for (const { tenantId } of memberships) memberOf.add(tenantId);
      }
    }
  }

  async function tryCommit(writes: readonly Write[]): Promise<boolean> {
    try {
      await store.commit(writes);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** @returns how many documents were changed */
  async function eraseEach(
    address: string,
    query: (email: string, range: QueryRange) => Query,
    write: (document: Document) => Write,
  ): Promise<number> {
    let changed = 0;
    for (let failures = 0; ; ) {
      const documents = await store.query(query(address, { limit: CHUNK }));
      if (documents.length === 0) return changed;
      const outcomes = await store.writeEach(documents.map(write));
      const done = outcomes.filter((failure) => failure === undefined).length;
      changed += done;
      // Documents that have gone in the meantime are not found again; others are tried again.
      failures = done === 0 ? failures + 1 : 0;
      if (failures === ATTEMPTS) throw unsettled();
    }
  }

  /** @returns at most `limit` documents */
  async function readAll(
    address: string,
    query: (email: string, range: QueryRange) => Query,
    limit: number,
  ): Promise<readonly Document[]> {
    const found: Document[] = [];
    for (let after: string | undefined; found.length < limit; ) {
      const documents = await store.query(query(address, { limit: Math.min(CHUNK, limit - found.length), after }));
      found.push(...documents);
      after = documents.at(-1)?.path;
      if (documents.length < CHUNK) break;
    }
    return found;
  }

  return { exportOf, erase, now: () => clock.now() };
}

const unsettled = () =>
  new Fault('dependency_unavailable', 'Not everything could be erased yet. Repeat the request.', { retryAfter: 1 });
