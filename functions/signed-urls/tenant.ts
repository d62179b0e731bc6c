import { type SignedUrlRequest, tenantId } from '#shared/contract/signed-urls.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { admits, type Principal } from '#shared/model/principal.ts';

/**
 * The tenant whose object prefix a URL may use; no other place derives it from the principal.
 * @throws Fault `forbidden` for a guest's upload, `not_found` for another's tenant, `invalid_request` when a caller
 *   without a tenant names none
 */
export function tenantFor(principal: Principal, { tenant_id: named, method }: SignedUrlRequest): string {
  if (principal.kind === 'service' && named !== undefined) {
    if (principal.urlTenants?.includes(named) !== false) return named;
    throw new Fault('not_found', 'There is no tenant with this id.');
  }
  if (admits(['staff'], principal) && named !== undefined) return named;
  if (principal.kind !== 'user' || principal.tenantId === undefined) {
    throw invalid([{ path: 'tenant_id', message: 'is required for a caller without a tenant' }]);
  }
  const own = principal.tenantId;
  if (named !== undefined && named !== own) throw new Fault('not_found', 'There is no tenant with this id.');
  // A tenant claim with a slash in it would reach into another tenant's prefix.
  if (!tenantId.safeParse(own).success)
    throw new Fault('forbidden', 'The tenant id in this token cannot be part of an object name.');
  if (method !== 'GET' && !admits(['staff', 'owner', 'admin', 'member'], principal)) {
    throw new Fault('forbidden', 'A guest may only download.');
  }
  return own;
}
