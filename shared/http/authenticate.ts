import { createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import { Fault } from '../model/errors.ts';
import { type Principal, ROLES } from '../model/principal.ts';

export interface AuthenticationSettings {
  /** Identity Platform's tokens of users: `https://securetoken.google.com/PROJECT`, audience PROJECT. */
  readonly user: { readonly issuer: string; readonly audience: string; readonly jwksUrl: string };
  /** Google's tokens of service accounts, with the one audience that all our functions share. */
  readonly service: { readonly audience: string; readonly jwksUrl: string };
  /** Verified emails. Any Google account can mint a token for our audience, so only these count. */
  readonly services: readonly string[];
  readonly schedulers: readonly string[];
}

/** Google writes its own name with and without the scheme. */
const GOOGLE_ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_TOKEN_CHARACTERS = 8192;

const userClaims = z.object({
  sub: z.string().min(1),
  email: z.string().optional(),
  tenant_id: z.string().optional(),
  role: z.enum(ROLES).optional().catch(undefined),
  staff: z.literal(true).optional().catch(undefined),
});

const serviceClaims = z.object({ email: z.string(), email_verified: z.literal(true) });

export type Authenticate = (authorization: string | undefined) => Promise<Principal>;

/**
 * Turns the Authorization header into a principal. Tokens are judged by real time, with the algorithm pinned to
 * RS256 and keys only from the issuers' own key sets, which are cached and read again when a key id is unknown.
 * @throws Fault `unauthenticated` for no token or a bad one, `forbidden` for a service on no list,
 *   `dependency_unavailable` when the issuer's keys cannot be had
 */
export function createAuthenticate(settings: AuthenticationSettings): Authenticate {
  const userKeys = createRemoteJWKSet(new URL(settings.user.jwksUrl));
  const serviceKeys = createRemoteJWKSet(new URL(settings.service.jwksUrl));

  return async (authorization) => {
    const token = bearer(authorization);
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

/** Says only which key set to ask; nothing is believed before the signature is checked. */
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

/** No answer, an answer other than 200, and one that is no key set. */
const ISSUER_FAULTS = [errors.JWKSTimeout.code, errors.JOSEError.code, errors.JWKSInvalid.code];

/** A fault of the token is the caller's, everything else (the key set's server, the network) is not. */
function translate(cause: unknown): Fault {
  const ofTheToken = cause instanceof errors.JOSEError && !ISSUER_FAULTS.includes(cause.code);
  if (!ofTheToken) {
    return new Fault('dependency_unavailable', 'The keys that check tokens cannot be read right now.', { cause });
  }
  const expired = cause instanceof errors.JWTExpired;
  return new Fault('unauthenticated', expired ? 'The token has expired.' : 'The token is not valid.', { cause });
}

function toService(claims: JWTPayload, settings: AuthenticationSettings): Principal {
  const { success, data } = serviceClaims.safeParse(claims);
  if (!success) throw new Fault('unauthenticated', 'The token has no verified email.');
  if (settings.schedulers.includes(data.email)) return { kind: 'scheduler', email: data.email };
  if (settings.services.includes(data.email)) return { kind: 'service', email: data.email };
  throw new Fault('forbidden', 'The service account is on none of the configured lists.');
}

function toUser(claims: JWTPayload): Principal {
  const { success, data } = userClaims.safeParse(claims);
  if (!success) throw new Fault('unauthenticated', 'The token is not valid.');
  return {
    kind: 'user',
    uid: data.sub,
    email: data.email,
    tenantId: data.tenant_id,
    role: data.role,
    staff: data.staff ?? false,
  };
}
