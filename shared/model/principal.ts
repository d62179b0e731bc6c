export const ROLES = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof ROLES)[number];

/** What a service account may be let do; each function knows only the accounts whose scopes concern it. */
export const SERVICE_SCOPES = ['licenses', 'sign', 'tasks', 'urls', 'portal'] as const;
export type ServiceScope = (typeof SERVICE_SCOPES)[number];

/** The caller as a verified token identifies it. A person's token says nothing of what the person may do. */
export type Identity =
  | UserIdentity
  | ServicePrincipal
  | { readonly kind: 'scheduler'; readonly email: string }
  /** The bearer of a portal's token, by the id of its document. */
  | { readonly kind: 'portal'; readonly sessionId: string };

export interface UserIdentity {
  readonly kind: 'user';
  readonly uid: string;
  readonly email: string | undefined;
  /** The person has shown to receive mail there. */
  readonly emailVerified: boolean;
  /** The person signed in with a second factor. */
  readonly secondFactor: boolean;
  /** Milliseconds since the epoch; 0 for a token that does not say. A token that is renewed keeps it. */
  readonly signedInAt: number;
}

/** The caller and its rights. */
export type Principal =
  | { readonly kind: 'anyone' }
  | UserPrincipal
  | ServicePrincipal
  | PortalPrincipal
  | { readonly kind: 'scheduler'; readonly email: string };

/** A customer without an account, for the one licence that a link was made for. */
export interface PortalPrincipal {
  readonly kind: 'portal';
  readonly sessionId: string;
  readonly licenseId: string;
  readonly tenantId: string;
}

/** A person with what `users/{uid}` says; without a role or `staff` that is nothing. */
export interface UserPrincipal {
  readonly kind: 'user';
  readonly uid: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  /** The vendor's own people act for every tenant. */
  readonly staff: boolean;
  /** The role in each tenant that the person belongs to, by the tenant's id. */
  readonly tenants: Readonly<Record<string, Role>>;
  /** The tenant that this request is for, and the role there. */
  readonly tenantId: string | undefined;
  readonly role: Role | undefined;
}

/** A service account, as the configuration lists it. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly email: string;
  readonly scopes: readonly ServiceScope[];
  /** The tenants for which it may sign URLs; undefined for every one. */
  readonly urlTenants: readonly string[] | undefined;
}

/**
 * The kinds of caller that a route can admit; `service:sign` is a service with the scope `sign`, `user` is whoever has
 * signed in.
 */
export type Access = 'anyone' | `service:${ServiceScope}` | 'scheduler' | 'portal' | 'staff' | 'user' | Role;

/** Who decides what was sold: tenants, and the terms of their licences. */
export const VENDOR = ['staff', 'service:licenses'] as const satisfies readonly Access[];

const PEOPLE: ReadonlySet<string> = new Set(['user', 'staff', ...ROLES]);

/** Whether a route admits any person at all. */
export const admitsPeople = (access: readonly Access[]): boolean => access.some((one) => PEOPLE.has(one));

export function admits(access: readonly Access[], principal: Principal): boolean {
  if (access.includes('anyone')) return true;
  switch (principal.kind) {
    case 'anyone':
      return false;
    case 'service':
      return principal.scopes.some((scope) => access.includes(`service:${scope}`));
    case 'scheduler':
    case 'portal':
      return access.includes(principal.kind);
    case 'user':
      if (access.includes('user') || (principal.staff && access.includes('staff'))) return true;
      return principal.role !== undefined && principal.tenantId !== undefined && access.includes(principal.role);
    default:
      return principal satisfies never;
  }
}

export const isVendor = (principal: Principal): boolean => admits(VENDOR, principal);
