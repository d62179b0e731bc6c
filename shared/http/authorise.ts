import { type Clock, systemClock } from '../model/clock.ts';
import { Fault, invalid } from '../model/errors.ts';
import { isUid, type Person, personPath, readPerson } from '../model/person.ts';
import { portalSessionPath, readPortalSession } from '../model/portal-session.ts';
import {
  type Access,
  admits,
  admitsPeople,
  type Identity,
  type PortalPrincipal,
  type Principal,
  type UserIdentity,
  type UserPrincipal,
} from '../model/principal.ts';
import type { DocumentReader } from '../store/store.ts';

/** The header in which a member of several tenants names the one to act in. */
export const TENANT_HEADER = 'countersign-tenant';

/** What a request asks for, as far as it concerns the caller's rights. */
export interface Wanted {
  readonly route: { readonly access: readonly Access[]; readonly acrossTenants?: boolean | undefined };
  /** The tenant that the header names. */
  readonly named: string | undefined;
  /** The tenant that the path names. */
  readonly inPath: string | undefined;
}

export type Authorise = (identity: Identity, wanted: Wanted) => Promise<Principal>;

/** What the sign-in of staff must be like. */
export interface StaffSignIn {
  readonly secondFactor: 'required' | 'off';
  /** Milliseconds after which they sign in anew, however often their token was renewed. */
  readonly maxAge: number;
}

export interface AuthorisationSettings {
  /** Where `users/{uid}` is read; undefined for a function that admits no person. */
  readonly people: Pick<DocumentReader, 'get'> | undefined;
  readonly staff: StaffSignIn;
  /** By which portal sessions end. */
  readonly clock: Clock;
}

/**
 * Finds out what an identified caller may do, and whether the route admits it. A person's rights are what `users/{uid}`
 * says now, not what the token says. Nothing is remembered: whoever was removed is refused from the next request on,
 * on every instance.
 * @throws Fault `forbidden`; `invalid_request` when a member of several tenants names none; `dependency_unavailable`
 */
export function createAuthorise(settings: AuthorisationSettings): Authorise {
  async function findPerson(uid: string): Promise<Person | undefined> {
    const [document] = isUid(uid) ? ((await settings.people?.get([personPath(uid)])) ?? []) : [];
    return document && readPerson(document);
  }

  async function findPortalSession(sessionId: string): Promise<PortalPrincipal> {
    const [document] = (await settings.people?.get([portalSessionPath(sessionId)])) ?? [];
    const session = document && readPortalSession(document);
    if (session === undefined || settings.clock.now() >= session.expires_at) {
      throw new Fault('unauthenticated', 'The portal’s time is over: open a new link.');
    }
    return { kind: 'portal', sessionId, licenseId: session.license_id, tenantId: session.tenant_id };
  }

  return async (identity, wanted) => {
    if (identity.kind === 'portal') {
      if (!wanted.route.access.includes('portal')) throw refused();
      return admitted(await findPortalSession(identity.sessionId), wanted);
    }
    if (identity.kind !== 'user') return admitted(identity, wanted);
    if (!admitsPeople(wanted.route.access)) throw refused();
    const person = await findPerson(identity.uid);
    if (person?.staff === true) requireStrongSignIn(identity, settings.staff);
    return admitted(principalOf(identity, person, wanted), wanted);
  };
}

function admitted(principal: Principal, { route, named }: Wanted): Principal {
  if (admits(route.access, principal)) return principal;
  if (principal.kind !== 'user') throw refused();
  const roles = Object.values(principal.tenants);
  if (route.acrossTenants === true && roles.some((role) => route.access.includes(role))) return principal;
  if (roles.length > 1 && named === undefined && principal.tenantId === undefined) {
    throw invalid([{ path: 'Countersign-Tenant', message: 'is required for a member of several tenants' }]);
  }
  throw refused();
}

function principalOf(identity: UserIdentity, person: Person | undefined, wanted: Wanted): UserPrincipal {
  const { uid, email, emailVerified } = identity;
  const { staff = false, tenants = {} } = person ?? {};
  const tenantId = tenantOf(Object.keys(tenants), staff, wanted);
  const role = tenantId !== undefined && Object.hasOwn(tenants, tenantId) ? tenants[tenantId] : undefined;
  return { kind: 'user', uid, email, emailVerified, staff, tenants, tenantId, role };
}

/** Staff act in the tenant that the header names; members in that one, the path's or their only one. */
function tenantOf(own: readonly string[], staff: boolean, { named, inPath }: Wanted): string | undefined {
  if (staff) return named;
  if (named !== undefined) {
    if (!own.includes(named)) throw new Fault('forbidden', 'The caller does not belong to the tenant in the header.');
    return named;
  }
  if (inPath !== undefined && own.includes(inPath)) return inPath;
  return own.length === 1 ? own[0] : undefined;
}

/** The age of a sign-in is measured in real time, as the token's own end is. */
function requireStrongSignIn(identity: UserIdentity, { secondFactor, maxAge }: StaffSignIn): void {
  if (!identity.emailVerified) throw new Fault('forbidden', 'Staff need a verified email address.');
  if (secondFactor === 'required' && !identity.secondFactor)
    throw new Fault('forbidden', 'Staff sign in with a second factor.');
  if (systemClock.now() - identity.signedInAt > maxAge)
    throw new Fault('unauthenticated', 'The sign-in is too old for staff: sign in again.');
}

const refused = () => new Fault('forbidden', 'The caller has none of the roles that may use this route.');
