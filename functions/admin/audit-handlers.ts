import * as contract from '#shared/contract/audit.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { AuditRecord } from '#shared/model/audit.ts';
import type { createAudit } from './audit.ts';
import { listResponse } from './list-response.ts';
import { scopeOf } from './scope.ts';

export interface AuditDomain {
  readonly audit: ReturnType<typeof createAudit>;
}

export const auditRoutes = ({ audit }: AuditDomain): BoundRoute[] => [
  bind(contract.listAudit, async ({ query, principal }) => {
    const filter = {
      tenantId: query.tenant_id,
      licenseId: query.license_id,
      session: query.session_id,
      since: query.since === undefined ? undefined : Date.parse(query.since),
    };
    const page = await audit(scopeOf(principal), filter, query);
    return listResponse(contract.listAudit, { query }, page, describe);
  }),
];

const describe = ({ id, at, details, ...record }: AuditRecord) => ({
  audit_id: id,
  at: formatTime(at),
  ...record,
  details: readable(details),
});

/** Details are kept as the documents have them; a time there is a number under a name that ends in `_at`. */
function readable(value: unknown, name = ''): unknown {
  if (typeof value === 'number' && name.endsWith('_at')) return formatTime(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([member, item]) => [member, readable(item, member)]));
}
