import { mapInParallel } from '#shared/concurrency/map-in-parallel.ts';
import type { Clock } from '#shared/model/clock.ts';
import { invalid } from '#shared/model/errors.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { DAY, dayOf, HOUR, readUsage } from '#shared/model/usage.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import type { ListScope } from './scope.ts';
import { sumByReason } from './usage.ts';

export interface DigestFilter {
  readonly tenantId?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** Days before its end in which a licence is told of. */
  readonly expiringDays: number;
}

/** A licence that there is something to say of. */
export interface DigestEntry {
  readonly license: License;
  /** Begun days until its end; 0: it ended within the period; null: no end is near. */
  readonly daysLeft: number | null;
  readonly exhausted: boolean;
  readonly peak: number;
  readonly denials: Readonly<Record<string, number>>;
}

/** Days that a digest reaches back at most. */
const MAX_DAYS = 31;
/** Licences that are looked at in parallel. */
const AT_ONCE = 20;

/**
 * Licences that end soon, whose seats ran out, or that refused somebody, from the counts that every licence has: unlike
 * events of seats, they do not need a subscriber. A page looks at as many licences as it may show, so a request costs two
 * calls a licence.
 * @throws Fault `invalid_request` for a period that is too long, `not_found` for another tenant
 */
export function createDigest({ store, clock }: { readonly store: DocumentReader; readonly clock: Clock }) {
  return async (scope: ListScope, filter: DigestFilter, request: PageRequest): Promise<Page<DigestEntry>> => {
    const now = clock.now();
    const since = Math.floor((filter.since ?? now - DAY) / HOUR) * HOUR;
    if (since < now - MAX_DAYS * DAY - HOUR) {
      throw invalid([{ path: 'since', message: `must be at most ${MAX_DAYS} days ago` }]);
    }
    const equal = { tenant_id: scope.listed(filter.tenantId), archived: false };
    const { items, next } = await readPage(store, request, (range) => adminQueries.licenses(equal, range));
    const entries = await mapInParallel(items.map(readLicense), AT_ONCE, (license) =>
      entryOf(license, since, now, filter),
    );
    return { items: entries.filter(isNotable), next };
  };

  async function entryOf(license: License, since: number, now: number, filter: DigestFilter): Promise<DigestEntry> {
    const [first, last] = [dayOf(since), dayOf(now)];
    const days = (Date.parse(last) - Date.parse(first)) / DAY + 1;
    const [documents, seatsUsed] = await Promise.all([
      store.query(adminQueries.usageBetween(license.id, first, last, days)),
      store.count(queries.takenSeats(license.id)),
    ]);
    const counts = documents.flatMap(readUsage).filter(({ at }) => at >= since);
    const peak = Math.max(seatsUsed, ...counts.map((hour) => hour.peak));
    return {
      license,
      daysLeft: daysLeft(license, since, now, filter.expiringDays),
      exhausted: license.max_seats > 0 && peak >= license.max_seats,
      peak,
      denials: sumByReason(counts),
    };
  }
}

function daysLeft({ expires_at }: License, since: number, now: number, within: number): number | null {
  if (expires_at === null || expires_at < since || expires_at > now + within * DAY) return null;
  return Math.max(0, Math.ceil((expires_at - now) / DAY));
}

const isNotable = ({ daysLeft, exhausted, denials }: DigestEntry): boolean =>
  daysLeft !== null || exhausted || Object.keys(denials).length > 0;
