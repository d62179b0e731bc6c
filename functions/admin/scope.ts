import { Fault } from '#shared/model/errors.ts';
import type { Principal } from '#shared/model/principal.ts';

/** What a caller may see and touch: one tenant, or every one. */
export interface Scope {
  includes(tenantId: string): boolean;
  /** The tenant a new thing belongs to. @throws Fault when the caller names another than its own, or staff name none */
  tenantFor(named: string | undefined): string;
}

/** A scope that also says whose things a list shows. */
export interface ListScope extends Scope {
  /** The tenant to which a list is confined; undefined is all. @throws Fault `not_found` for another than its own */
  listed(named: string | undefined): string | undefined;
  /** What a vendor's own people and owners see and nobody else: how a tenant pays. */
  readonly seesBilling: boolean;
}

/** The one place where a principal becomes a scope. */
export function scopeOf(principal: Principal): ListScope {
  if (principal.kind !== 'user') throw new Fault('forbidden', 'This caller may not do that.');
  const { staff, tenantId, role } = principal;

  function tenantFor(named: string | undefined): string {
    if (staff && named !== undefined) return named;
    if (tenantId === undefined) {
      throw new Fault('invalid_request', 'tenant_id: is needed.', {
        errors: [{ path: 'tenant_id', message: 'is needed' }],
      });
    }
    if (named !== undefined && named !== tenantId) throw tenantNotFound();
    return tenantId;
  }

  return {
    includes: (id) => staff || id === tenantId,
    tenantFor,
    listed: (named) => (staff ? named : tenantFor(named)),
    seesBilling: staff || role === 'owner',
  };
}

export const tenantNotFound = () => new Fault('not_found', 'There is no tenant of this id.');
