import { USAGE_DAYS, USAGE_SHARDS, usagePaths } from '#shared/model/usage.ts';
import type { Filter, Query } from '#shared/store/store.ts';
import { adminPaths } from './paths.ts';

/** The part of a list that is wanted: so many documents behind the one of this path. */
export interface Part {
  readonly limit: number;
  readonly after?: string | undefined;
}

/**
 * Every query of administration; `terraform/indexes.json` declares the indexes they need, and a test compares. Lists
 * are in the order of ids, which never change: no insert moves a page, and equality filters in that order are served
 * by the indexes that every field has.
 */
export const adminQueries = {
  tenants: (part: Part): Query => inOrderOfIds('tenants', [], part),

  members: (tenantId: string, part: Part): Query => inOrderOfIds(adminPaths.members(tenantId), [], part),

  /** Of one tenant, or of all. */
  licenses: (tenantId: string | undefined, part: Part): Query =>
    inOrderOfIds('licenses', equal({ tenant_id: tenantId }), part),

  sessionsOf: (licenseId: string, part: Part): Query =>
    inOrderOfIds('sessions', equal({ license_id: licenseId }), part),

  /** The newest record first. */
  audit: (
    filter: {
      readonly tenant_id?: string | undefined;
      readonly license_id?: string | undefined;
      readonly session?: string | undefined;
    },
    part: Part,
  ): Query => inOrderOfIds('audit', equal(filter), part),

  /** A licence's use from a day on. */
  usageSince: (licenseId: string, day: string): Query => ({
    collection: usagePaths.days(licenseId),
    where: [['day', '>=', day]],
    orderBy: [['day', 'asc']],
    limit: USAGE_DAYS * USAGE_SHARDS,
  }),
} as const;

const inOrderOfIds = (collection: string, where: readonly Filter[], { limit, after }: Part): Query => ({
  collection,
  where,
  orderBy: [['__name__', 'asc']],
  limit,
  ...(after === undefined ? {} : { startAfter: [after] }),
});

const equal = (fields: Readonly<Record<string, string | undefined>>): Filter[] =>
  Object.entries(fields).flatMap(([name, value]): Filter[] => (value === undefined ? [] : [[name, '==', value]]));
