import { type AuditRecord, readAudit } from '#shared/model/audit.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminQueries } from './queries.ts';
import type { ListScope } from './scope.ts';
import { handleFrom } from './sessions.ts';

export interface AuditFilter {
  readonly tenantId?: string | undefined;
  readonly licenseId?: string | undefined;
  /** A handle or a session id. */
  readonly session?: string | undefined;
  /** Milliseconds since the epoch: nothing that is older. */
  readonly since?: number | undefined;
}

/**
 * What has been done, the newest first, within the caller's scope. A filter for what is foreign, absent or no id at
 * all finds nothing.
 */
export function createAudit({ store }: { readonly store: Pick<DocumentReader, 'query'> }) {
  return async (scope: ListScope, filter: AuditFilter, request: PageRequest): Promise<Page<AuditRecord>> => {
    const tenant_id = scope.listed(filter.tenantId);
    const session = filter.session === undefined ? undefined : handleFrom(filter.session);
    if (session === undefined && filter.session !== undefined) return { items: [], next: undefined };
    const fields = { tenant_id, license_id: filter.licenseId, session };
    const { items, next } = await readPage(store, request, (part) => adminQueries.audit(fields, part));
    const records = items.map(readAudit);
    const { since } = filter;
    const wanted = since === undefined ? records : records.filter(({ at }) => at >= since);
    // Records come newest first: behind the first that is too old there is none that is not.
    return { items: wanted, next: wanted.length === records.length ? next : undefined };
  };
}
