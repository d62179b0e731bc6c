import { type SignedUrlRequest, tenantId } from '#shared/contract/signed-urls.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { admits, type Principal } from '#shared/model/principal.ts';

/**
 * The one place where a principal becomes the tenant below whose prefix a URL may lead.
 * @throws Fault `forbidden` for a guest's upload, `not_found` for another's tenant, `invalid_request` when a caller
 *   without a tenant names none
 */
export function tenantFor(principal: Principal, { tenant_id: named, method }: SignedUrlRequest): string {
  if (admits(['service', 'staff'], principal) && named !== undefined) return named;
  if (principal.kind !== 'user' || principal.tenantId === undefined) {
    throw invalid([{ path: 'tenant_id', message: 'is needed' }]);
  }
  const own = principal.tenantId;
  if (named !== undefined && named !== own) throw new Fault('not_found', 'There is no tenant of this id.');
  // Believed as it is, a claim with a slash in it would lead below another tenant's prefix.
  if (!tenantId.safeParse(own).success) throw new Fault('forbidden', 'This tenant has no place for objects.');
  if (method !== 'GET' && !admits(['staff', 'owner', 'admin', 'member'], principal)) {
    throw new Fault('forbidden', 'A guest may only download.');
  }
  return own;
}
