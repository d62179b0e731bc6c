import { Fault, invalid } from '#shared/model/errors.ts';
import { isVendor, type PortalPrincipal, type Principal } from '#shared/model/principal.ts';

/** What a caller may see and touch: one tenant, or every one. */
export interface Scope {
  /** Whether what belongs to a licence of a tenant is within. Some callers see one licence alone. */
  includes(tenantId: string, licenseId?: string): boolean;
  /**
   * The tenant that a new resource belongs to.
   * @throws Fault `not_found` for a tenant other than the caller's own, `invalid_request` when the vendor names none
   */
  tenantFor(named: string | undefined): string;
}

/** A scope that also restricts lists. */
export interface ListScope extends Scope {
  /** The tenant whose items a list shows; undefined for all tenants. @throws Fault `not_found` for another tenant */
  listed(named: string | undefined): string | undefined;
  /** The tenants that the caller belongs to; undefined for the vendor, who sees all of them. */
  readonly own: readonly string[] | undefined;
  /** Whether the caller sees a tenant's Stripe ids: the vendor and its owners do. */
  seesBilling(tenantId: string): boolean;
}

/** The one place where a principal becomes a scope. */
export function scopeOf(principal: Principal): ListScope {
  if (principal.kind === 'portal') return portalScope(principal);
  const vendor = isVendor(principal);
  if (!vendor && principal.kind !== 'user') throw new Fault('forbidden', 'Only users and the vendor may do this.');
  const { tenantId, tenants = {} } = principal.kind === 'user' ? principal : {};

  function tenantFor(named: string | undefined): string {
    if (vendor && named !== undefined) return named;
    if (tenantId === undefined) {
      throw invalid([{ path: 'tenant_id', message: 'is required for a caller without a tenant' }]);
    }
    if (named !== undefined && named !== tenantId) throw tenantNotFound();
    return tenantId;
  }

  return {
    includes: (id) => vendor || id === tenantId,
    tenantFor,
    listed: (named) => (vendor ? (named ?? tenantId) : tenantFor(named)),
    own: vendor ? undefined : Object.keys(tenants).sort(),
    seesBilling: (id) => vendor || (Object.hasOwn(tenants, id) && tenants[id] === 'owner'),
  };
}

function portalScope({ tenantId, licenseId }: PortalPrincipal): ListScope {
  return {
    includes: (tenant, license) => tenant === tenantId && license === licenseId,
    tenantFor: () => {
      throw new Fault('forbidden', 'The portal sees one licence alone.');
    },
    listed: () => {
      throw new Fault('forbidden', 'The portal sees one licence alone.');
    },
    own: [],
    seesBilling: () => false,
  };
}

export const tenantNotFound = () => new Fault('not_found', 'There is no tenant with this id.');
