import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';

/** Tokens outlive a working day on the developer's machine; Google's own last an hour. */
const DEFAULT_LIFETIME_SECONDS = 12 * 3_600;

export interface Lifetime {
  /** Zero or less makes a genuine token that has expired. Default: 12 hours. */
  readonly expiresInSeconds?: number;
}

export interface UserTokenOptions extends Lifetime {
  readonly uid: string;
  readonly email: string;
  /** Default: yes. */
  readonly emailVerified?: boolean;
  /** Signed in with a TOTP code, too. */
  readonly secondFactor?: boolean;
  /** When the person signed in, in seconds since the epoch: a renewed token keeps it. Default: when it is issued. */
  readonly authTime?: number;
  /** Custom claims, which a token has at the top level. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface ServiceTokenOptions extends Lifetime {
  readonly email: string;
  /** Default: the one that the suite's services share. */
  readonly audience?: string;
}

/** An Identity Platform ID token. */
export function userClaims(projectId: string, options: UserTokenOptions): JWTPayload {
  const { uid, email, emailVerified = true, secondFactor = false, claims = {} } = options;
  const { iat, exp } = period(options);
  const { authTime = iat } = options;
  return {
    ...claims,
    iss: `https://securetoken.google.com/${projectId}`,
    aud: projectId,
    auth_time: authTime,
    user_id: uid,
    sub: uid,
    iat,
    exp,
    email,
    email_verified: emailVerified,
    firebase: {
      identities: { email: [email] },
      sign_in_provider: 'password',
      ...(secondFactor ? { sign_in_second_factor: 'totp' } : {}),
    },
  };
}

/** A Google OIDC token of a service account. */
export function serviceClaims(defaultAudience: string, options: ServiceTokenOptions): JWTPayload {
  const { email, audience = defaultAudience } = options;
  const id = uniqueId(email);
  return {
    iss: 'https://accounts.google.com',
    aud: audience,
    azp: id,
    sub: id,
    email,
    email_verified: true,
    ...period(options),
  };
}

/** Uses real time, as token verification does, not the clock that tests move. An expired token was issued in the past. */
function period({ expiresInSeconds = DEFAULT_LIFETIME_SECONDS }: Lifetime): { iat: number; exp: number } {
  const now = Math.floor(Date.now() / 1000);
  const exp = now + expiresInSeconds;
  return { iat: Math.min(now, exp - 3_600), exp };
}

/** Numeric ids of service accounts have 21 digits. */
function uniqueId(email: string): string {
  const digits = createHash('sha256').update(email).digest().readBigUInt64BE().toString();
  return `1${digits.padStart(20, '0')}`;
}
