import { type DenialRecord, denialsFrom, readDenial } from '#shared/model/denial-record.ts';
import { HOUR } from '#shared/model/usage.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { createLicenses } from './licenses.ts';
import { encodeCursor, type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import type { Scope } from './scope.ts';

export interface DenialFilter {
  /** Milliseconds since the epoch; who was last refused before it is left out. */
  readonly since?: number | undefined;
  /** Milliseconds since the epoch; hours that begin then or later are left out. */
  readonly before?: number | undefined;
}

export interface DenialsOptions {
  readonly store: Pick<DocumentReader, 'query'>;
  readonly licenses: Pick<ReturnType<typeof createLicenses>, 'get'>;
}

/** Lists whom a licence has refused, the newest hour first. @throws Fault `license_not_found` */
export function createDenials({ store, licenses }: DenialsOptions) {
  return async (
    scope: Scope,
    licenseId: string,
    { since = Number.NEGATIVE_INFINITY, before }: DenialFilter,
    request: PageRequest,
  ): Promise<Page<DenialRecord>> => {
    const { id } = await licenses.get(scope, licenseId);
    const begin = before === undefined ? undefined : encodeCursor(denialsFrom(id, before - 1));
    const { items, next } = await readPage(store, { cursor: begin, ...request }, (range) =>
      adminQueries.denialsOf(id, range),
    );
    const records = items.map(readDenial);
    // Hours come newest first: all after the first one that is over before the period are over as well.
    const isOver = records.some(({ hour }) => hour + HOUR <= since);
    return { items: records.filter(({ last_at }) => last_at >= since), next: isOver ? undefined : next };
  };
}
