export const ROLES = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof ROLES)[number];

/**
 * The caller, as a verified token identifies it. A user without a role has no rights; `staff` are employees of the vendor,
 * who act for every tenant.
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
  | { readonly kind: 'service' | 'scheduler'; readonly email: string };

/** The kinds of callers that a route can admit. */
export type Access = 'anyone' | 'service' | 'scheduler' | 'staff' | Role;

export function admits(access: readonly Access[], principal: Principal): boolean {
  if (access.includes('anyone')) return true;
  switch (principal.kind) {
    case 'anyone':
      return false;
    case 'service':
    case 'scheduler':
      return access.includes(principal.kind);
    case 'user':
      if (principal.staff && access.includes('staff')) return true;
      return principal.role !== undefined && principal.tenantId !== undefined && access.includes(principal.role);
    default:
      return principal satisfies never;
  }
}
