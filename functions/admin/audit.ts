import { type AuditRecord, readAudit } from '#shared/model/audit.ts';
import { normalEmail } from '#shared/model/email.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import { adminQueries, type QueryRange } from './queries.ts';
import type { ListScope } from './scope.ts';

export interface AuditFilter {
  readonly tenantId?: string | undefined;
  readonly licenseId?: string | undefined;
  /** A handle. */
  readonly session?: string | undefined;
  /** An id, or an email address in any spelling that `normalEmail` reads. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Milliseconds since the epoch; older records are left out. */
  readonly since?: number | undefined;
}

/**
 * Lists audit records within the caller's scope, the newest first. A filter whose value is another tenant's or
 * unknown matches nothing.
 */
export function createAudit({ store }: { readonly store: Pick<DocumentReader, 'query'> }) {
  return async (scope: ListScope, filter: AuditFilter, request: PageRequest): Promise<Page<AuditRecord>> => {
    const tenant_id = scope.listed(filter.tenantId);
    const { licenseId: license_id, session, actor, action } = filter;
    const fields = { tenant_id, license_id, session };
    const address = actor === undefined ? undefined : normalEmail(actor);
    const matches = (record: AuditRecord) =>
      (actor === undefined || record.actor.id === actor || record.actor.email === address) &&
      (action === undefined || record.action === action);
    const query = (range: QueryRange) => adminQueries.audit(fields, range);
    const { items: records, next } = await readMatching(store, request, query, { read: readAudit, matches });
    const { since } = filter;
    const wanted = since === undefined ? records : records.filter(({ at }) => at >= since);
    // Records come newest first: all records after the first one that is too old are too old as well.
    return { items: wanted, next: wanted.length === records.length ? next : undefined };
  };
}
