export const ROLES = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof ROLES)[number];

/** What a service account may be let do; each function knows only the accounts whose scopes concern it. */
export const SERVICE_SCOPES = ['licenses', 'sign', 'tasks', 'urls', 'portal'] as const;
export type ServiceScope = (typeof SERVICE_SCOPES)[number];

/**
 * The caller. A user without a role has no rights; `staff` are employees of the vendor, who act for every tenant.
 */
export type Principal =
  | { readonly kind: 'anyone' }
  | {
      readonly kind: 'user';
      readonly uid: string;
      readonly email: string | undefined;
      readonly tenantId: string | undefined;
      readonly role: Role | undefined;
      readonly staff: boolean;
    }
  | ServicePrincipal
  | { readonly kind: 'scheduler'; readonly email: string };

/** A service account, as the configuration lists it. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly email: string;
  readonly scopes: readonly ServiceScope[];
  /** The tenants for which it may sign URLs; undefined for every one. */
  readonly urlTenants: readonly string[] | undefined;
}

/** The kinds of caller that a route can admit; `service:sign` is a service with the scope `sign`. */
export type Access = 'anyone' | `service:${ServiceScope}` | 'scheduler' | 'staff' | Role;

/** Who decides what was sold: tenants, and the terms of their licences. */
export const VENDOR = ['staff', 'service:licenses'] as const satisfies readonly Access[];

export function admits(access: readonly Access[], principal: Principal): boolean {
  if (access.includes('anyone')) return true;
  switch (principal.kind) {
    case 'anyone':
      return false;
    case 'service':
      return principal.scopes.some((scope) => access.includes(`service:${scope}`));
    case 'scheduler':
      return access.includes('scheduler');
    case 'user':
      if (principal.staff && access.includes('staff')) return true;
      return principal.role !== undefined && principal.tenantId !== undefined && access.includes(principal.role);
    default:
      return principal satisfies never;
  }
}

export const isVendor = (principal: Principal): boolean => admits(VENDOR, principal);
