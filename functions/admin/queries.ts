import { MAX_RECALLS } from '#shared/model/borrow-terms.ts';
import { USAGE_SHARDS, usagePaths } from '#shared/model/usage.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Filter, Query } from '#shared/store/store.ts';
import { adminPaths } from './paths.ts';

/** The range of a list to read: at most `limit` documents after the one at path `after`. */
export interface QueryRange {
  readonly limit: number;
  readonly after?: string | undefined;
}

/**
 * Every query of administration; `terraform/indexes.json` declares the indexes they need, and a test compares. Lists
 * are in the order of ids, which never change, so an insert shifts no page; Firestore's automatic single-field indexes
 * serve equality filters in that order.
 */
export const adminQueries = {
  tenants: (filter: { readonly reference?: string | undefined }, range: QueryRange): Query =>
    inOrderOfIds('tenants', equal(filter), range),

  members: (tenantId: string, range: QueryRange): Query => inOrderOfIds(adminPaths.members(tenantId), [], range),

  /** Those that nobody has accepted yet. */
  invitations: (tenantId: string, range: QueryRange): Query =>
    inOrderOfIds(
      'invitations',
      [
        ['tenant_id', '==', tenantId],
        ['accepted_by', '==', null],
      ],
      range,
    ),

  licenses: (
    filter: {
      readonly tenant_id?: string | undefined;
      readonly archived?: boolean | undefined;
      readonly status?: string | undefined;
      readonly tier?: string | undefined;
      readonly reference?: string | undefined;
    },
    range: QueryRange,
  ): Query => inOrderOfIds('licenses', equal(filter), range),

  /** The licences that had a named user or a key of one person at some time. */
  licensesThatName: (range: QueryRange): Query => inOrderOfIds('licenses', [['names_people', '==', true]], range),

  /** A licence's keys, those that have ended too. The documents' own ids are the keys' hashes, which no list shows. */
  keysOf: (licenseId: string, { limit, after }: QueryRange): Query => ({
    collection: paths.keys(licenseId),
    where: [],
    orderBy: [['id', 'asc']],
    limit,
    ...(after === undefined ? {} : { startAfter: [after.slice(after.lastIndexOf('/') + 1)] }),
  }),

  keyById: (licenseId: string, keyId: string): Query => ({
    collection: paths.keys(licenseId),
    where: [['id', '==', keyId]],
    limit: 1,
  }),

  /** @param email as `normalEmail` gives it */
  keysOfUser: (licenseId: string, email: string, limit: number): Query => ({
    collection: paths.keys(licenseId),
    where: [['user_email', '==', email]],
    limit,
  }),

  keysWithoutEnd: (licenseId: string, limit: number): Query => ({
    collection: paths.keys(licenseId),
    where: [['until', '==', null]],
    limit,
  }),

  /** The keys that have an end, later than a moment. */
  keysUntilAfter: (licenseId: string, moment: number, limit: number): Query => ({
    collection: paths.keys(licenseId),
    where: [['until', '>', moment]],
    orderBy: [['until', 'asc']],
    limit,
  }),

  namedUsers: (licenseId: string, range: QueryRange): Query => inOrderOfIds(paths.users(licenseId), [], range),
  /** The recalls of borrowed seats by the tenant's people; there are no more than a licence may have. */
  recalls: (licenseId: string): Query => ({ collection: adminPaths.recalls(licenseId), where: [], limit: MAX_RECALLS }),

  sessionsOf: (licenseId: string, range: QueryRange): Query =>
    inOrderOfIds('sessions', equal({ license_id: licenseId }), range),

  /** Whom a licence has refused, the newest hour first. */
  denialsOf: (licenseId: string, range: QueryRange): Query =>
    inOrderOfIds('denials', equal({ license_id: licenseId }), range),

  /** The newest record first. */
  audit: (
    filter: {
      readonly tenant_id?: string | undefined;
      readonly license_id?: string | undefined;
      readonly session?: string | undefined;
    },
    range: QueryRange,
  ): Query => inOrderOfIds('audit', equal(filter), range),

  usersOf: (email: string, range: QueryRange): Query => inOrderOfIds('users', [['email', '==', email]], range),

  invitationsOf: (email: string, range: QueryRange): Query =>
    inOrderOfIds('invitations', [['email', '==', email]], range),

  sessionsOfUser: (email: string, range: QueryRange): Query => inOrderOfIds('sessions', [['user', '==', email]], range),

  /** Licences for whose seats somebody waits, or has waited a moment ago. */
  queues: (range: QueryRange): Query => inOrderOfIds('queues', [], range),

  /** @param email as `normalEmail` gives it */
  ticketsOfUser: (licenseId: string, email: string, limit: number): Query => ({
    collection: paths.queue(licenseId),
    where: [['user', '==', email]],
    limit,
  }),

  denialsOfUser: (email: string, range: QueryRange): Query => inOrderOfIds('denials', [['user', '==', email]], range),

  auditOfActor: (email: string, range: QueryRange): Query =>
    inOrderOfIds('audit', [['actor.email', '==', email]], range),

  auditOfSubject: (email: string, range: QueryRange): Query => inOrderOfIds('audit', [['subject', '==', email]], range),

  /** What was counted of a licence's use on the days of a period; at most so many days. */
  usageBetween: (licenseId: string, first: string, last: string, days: number): Query => ({
    collection: usagePaths.days(licenseId),
    where: [
      ['day', '>=', first],
      ['day', '<=', last],
    ],
    orderBy: [['day', 'asc']],
    limit: days * USAGE_SHARDS,
  }),

  /** A licence's sessions that ended at a moment or later, the latest first. */
  endedSince: (licenseId: string, moment: number, limit: number): Query => ({
    collection: 'ended_sessions',
    where: [
      ['license_id', '==', licenseId],
      ['ended_at', '>=', moment],
    ],
    orderBy: [['ended_at', 'desc']],
    limit,
  }),
} as const;

const inOrderOfIds = (collection: string, where: readonly Filter[], { limit, after }: QueryRange): Query => ({
  collection,
  where,
  orderBy: [['__name__', 'asc']],
  limit,
  ...(after === undefined ? {} : { startAfter: [after] }),
});

const equal = (fields: Readonly<Record<string, string | boolean | undefined>>): Filter[] =>
  Object.entries(fields).flatMap(([name, value]): Filter[] => (value === undefined ? [] : [[name, '==', value]]));
