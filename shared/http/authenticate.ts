import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import { systemClock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { PORTAL_TOKEN, portalSessionId } from '../model/portal-session.ts';
import type { Identity, ServicePrincipal } from '../model/principal.ts';
import { createIssuerKeys } from './issuer-keys.ts';

export interface AuthenticationSettings {
  /** Tokens of users from Identity Platform: issuer `https://securetoken.google.com/PROJECT`, audience PROJECT. */
  readonly user: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** Tokens of service accounts from Google, with the audience that all functions share. */
  readonly service: { readonly audience: string; readonly jwksUrl: string };
  /** The accepted services. Any Google account can mint a token for our audience. */
  readonly services: readonly Omit<ServicePrincipal, 'kind'>[];
  readonly schedulers: readonly string[];
}

/** Google uses its issuer name with and without the scheme. */
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_TOKEN_CHARACTERS = 8192;

/** Claims of a tenant, a role or staff are not read: what a person may do is in `users/{uid}`. */
const userClaims = z.object({
  sub: z.string().min(1),
  email: z.string().optional(),
  email_verified: z.literal(true).optional().catch(undefined),
  firebase: z.object({ sign_in_second_factor: z.string().optional() }).optional().catch(undefined),
  /** Seconds since the epoch. */
  auth_time: z.number().catch(0),
});

const serviceClaims = z.object({ email: z.string(), email_verified: z.literal(true) });

export type Authenticate = (authorization: string | undefined) => Promise<Identity>;

/**
 * Derives the identity from the Authorization header. Whether a portal's token is one of ours, its document says. Tokens are verified at real time, with RS256 only and with keys from
 * the issuers' key sets only.
 * @throws Fault `unauthenticated` for a missing or invalid token, `forbidden` for a service that is not listed,
 *   `dependency_unavailable` when the issuer's keys cannot be read
 */
export function createAuthenticate(settings: AuthenticationSettings): Authenticate {
  const userKeys = createIssuerKeys({ url: settings.user.jwksUrl, clock: systemClock });
  const serviceKeys = createIssuerKeys({ url: settings.service.jwksUrl, clock: systemClock });

  return async (authorization) => {
    const token = bearer(authorization);
    if (PORTAL_TOKEN.test(token)) return { kind: 'portal', sessionId: portalSessionId(token) };
    if (GOOGLE_ISSUERS.includes(issuerOf(token))) {
      const claims = await verify(token, serviceKeys, GOOGLE_ISSUERS, settings.service.audience);
      return toService(claims, settings);
    }
    return toUser(await verify(token, userKeys, [settings.user.issuer], settings.user.audience));
  };
}

function bearer(authorization: string | undefined): string {
  const token = /^Bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || token.length > MAX_TOKEN_CHARACTERS) {
    throw new Fault('unauthenticated', 'Send the header `Authorization: Bearer TOKEN`.');
  }
  return token;
}

/** The unverified issuer, which only selects the key set. */
function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (cause) {
    throw new Fault('unauthenticated', 'The token is not a JWT.', { cause });
  }
}

async function verify(token: string, keys: JWTVerifyGetKey, issuer: string[], audience: string): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iat', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    });
    return payload;
  } catch (cause) {
    throw translate(cause);
  }
}

/** An invalid token is the caller's fault; a failure of the key set's server or the network is not. */
function translate(cause: unknown): Fault {
  if (!(cause instanceof errors.JOSEError)) {
    return new Fault('dependency_unavailable', 'The keys that check tokens cannot be read right now.', { cause });
  }
  const expired = cause instanceof errors.JWTExpired;
  return new Fault('unauthenticated', expired ? 'The token has expired.' : 'The token is not valid.', { cause });
}

function toService(claims: JWTPayload, settings: AuthenticationSettings): Identity {
  const { success, data } = serviceClaims.safeParse(claims);
  if (!success) throw new Fault('unauthenticated', 'The token has no verified email.');
  if (settings.schedulers.includes(data.email)) return { kind: 'scheduler', email: data.email };
  const service = settings.services.find(({ email }) => email === data.email);
  if (service !== undefined) return { kind: 'service', ...service };
  throw new Fault('forbidden', 'The service account is on none of the configured lists.');
}

function toUser(claims: JWTPayload): Identity {
  const { success, data } = userClaims.safeParse(claims);
  if (!success) throw new Fault('unauthenticated', 'The token is not valid.');
  return {
    kind: 'user',
    uid: data.sub,
    email: data.email,
    emailVerified: data.email_verified ?? false,
    secondFactor: data.firebase?.sign_in_second_factor !== undefined,
    signedInAt: data.auth_time * 1000,
  };
}
