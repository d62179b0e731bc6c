import { Fault } from '#shared/model/errors.ts';
import type { Principal } from '#shared/model/principal.ts';

/** What a caller may see and touch: one tenant, or every one. */
export interface Scope {
  includes(tenantId: string): boolean;
  /** The tenant a new thing belongs to. @throws Fault when the caller names another than its own, or staff name none */
  tenantFor(named: string | undefined): string;
}

/** The one place where a principal becomes a scope. */
export function scopeOf(principal: Principal): Scope {
  if (principal.kind !== 'user') throw new Fault('forbidden', 'This caller may not do that.');
  const { staff, tenantId } = principal;
  return {
    includes: (id) => staff || id === tenantId,
    tenantFor(named) {
      if (staff && named !== undefined) return named;
      if (tenantId === undefined) {
        throw new Fault('invalid_request', 'tenant_id: is needed.', {
          errors: [{ path: 'tenant_id', message: 'is needed' }],
        });
      }
      if (named !== undefined && named !== tenantId) throw new Fault('not_found', 'There is no tenant of this id.');
      return tenantId;
    },
  };
}
