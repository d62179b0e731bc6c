import { decodeJwt } from 'jose';
import * as z from 'zod';
import { Fault } from '../model/errors.ts';
import {
  type SignInRefusal,
  SignInRefusedError,
  type SignInResult,
  type SignInService,
  type SignInTokens,
} from '../store/sign-in.ts';
import { type RetryPolicy, retrying, TRANSIENT_HTTP } from './retry.ts';

export interface IdentityPlatformSettings {
  /** Names the project; it is no secret and gives no right. */
  readonly apiKey: string;
  /** host:port of a stand-in; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds for one request. */
  readonly timeout?: number;
}

const TIMEOUT = 10_000;

/**
 * Identity Platform's codes, as far as they mean something to the person.
 * https://cloud.google.com/identity-platform/docs/error-codes
 */
const REFUSALS: Readonly<Record<string, SignInRefusal>> = {
  INVALID_LOGIN_CREDENTIALS: 'wrong_credentials',
  EMAIL_NOT_FOUND: 'wrong_credentials',
  INVALID_PASSWORD: 'wrong_credentials',
  INVALID_EMAIL: 'invalid_email',
  EMAIL_EXISTS: 'email_exists',
  WEAK_PASSWORD: 'weak_password',
  PASSWORD_DOES_NOT_MEET_REQUIREMENTS: 'weak_password',
  USER_DISABLED: 'disabled',
  TOO_MANY_ATTEMPTS_TRY_LATER: 'too_many_attempts',
  INVALID_CODE: 'wrong_code',
  MFA_ENROLLMENT_NOT_FOUND: 'wrong_code',
  INVALID_MFA_PENDING_CREDENTIAL: 'expired',
  INVALID_SESSION_INFO: 'expired',
  SESSION_EXPIRED: 'expired',
  CREDENTIAL_TOO_OLD_LOGIN_AGAIN: 'session_ended',
  TOKEN_EXPIRED: 'session_ended',
  INVALID_ID_TOKEN: 'session_ended',
  INVALID_REFRESH_TOKEN: 'session_ended',
  USER_NOT_FOUND: 'session_ended',
  INVALID_IDP_RESPONSE: 'provider_refused',
  INVALID_SESSION_ID: 'provider_refused',
  MISSING_SESSION_ID: 'provider_refused',
  USER_CANCELLED: 'provider_refused',
  FEDERATED_USER_ID_ALREADY_LINKED: 'other_provider',
  UNVERIFIED_EMAIL: 'unverified_email',
  SECOND_FACTOR_EXISTS: 'factor_exists',
  OPERATION_NOT_ALLOWED: 'provider_off',
  PASSWORD_LOGIN_DISABLED: 'provider_off',
  INVALID_PROVIDER_ID: 'provider_off',
};

const errorBody = z.object({ error: z.object({ message: z.string() }) });
const tokens = z.object({ idToken: z.string(), refreshToken: z.string() });
const signedIn = tokens.partial().extend({
  needConfirmation: z.boolean().optional(),
  mfaPendingCredential: z.string().optional(),
  mfaInfo: z.array(z.object({ mfaEnrollmentId: z.string(), displayName: z.string().optional() })).default([]),
});
const refreshed = z.object({ id_token: z.string(), refresh_token: z.string() });
const authUri = z.object({ authUri: z.url() });
const enrollment = z.object({ totpSessionInfo: z.object({ sharedSecretKey: z.string(), sessionInfo: z.string() }) });
const idTokenClaims = z.object({
  sub: z.string().min(1),
  email: z.string().optional(),
  email_verified: z.boolean().default(false),
  auth_time: z.number(),
  firebase: z.object({ sign_in_second_factor: z.string().optional() }).default({}),
});

/** An answer that is neither a success nor a refusal, or none at all. */
class NoAnswerError extends Error {
  readonly status: number | undefined;

  constructor(status: number | undefined, cause?: unknown) {
    super(`Identity Platform answered ${status ?? 'nothing'}`, { cause });
    this.name = 'NoAnswerError';
    this.status = status;
  }
}

/** What has no effect, or the same when it is repeated, is sent again after a failure of the network or the service. */
const REPEATED: RetryPolicy = { ...TRANSIENT_HTTP, attempts: 3 };
/** A code or an authorization is good once, and a message would be sent twice. */
const ONCE: RetryPolicy = { ...REPEATED, attempts: 1 };

/**
 * People's sign-in by Identity Platform's REST API, which needs the project's API key and no right.
 * https://cloud.google.com/identity-platform/docs/reference/rest
 */
export function createIdentityPlatform({
  apiKey,
  endpoint,
  timeout = TIMEOUT,
}: IdentityPlatformSettings): SignInService {
  const hostOf = (host: string) => (endpoint === undefined ? `https://${host}` : `http://${endpoint}/${host}`);

  async function send<S extends z.ZodType>(
    [host, method]: readonly [host: string, method: string],
    body: Readonly<Record<string, unknown>> | URLSearchParams,
    schema: S,
    policy: RetryPolicy,
  ): Promise<z.output<S>> {
    const url = `${hostOf(host)}/${method}?key=${encodeURIComponent(apiKey)}`;
    try {
      return await retrying(async () => schema.parse(await post(url, body, timeout)), policy);
    } catch (error) {
      if (error instanceof SignInRefusedError) throw error;
      throw new Fault('dependency_unavailable', 'The sign-in service does not answer right now.', { cause: error });
    }
  }

  const toolkit = <S extends z.ZodType>(method: string, body: Record<string, unknown>, schema: S, policy = ONCE) =>
    send(['identitytoolkit.googleapis.com', method], body, schema, policy);

  return {
    async providerPage(providerId, continueUri, sessionId) {
      const request = { providerId, continueUri, sessionId };
      return (await toolkit('v1/accounts:createAuthUri', request, authUri, REPEATED)).authUri;
    },
    async finishProvider(requestUri, sessionId) {
      const request = { requestUri, sessionId, returnSecureToken: true, returnIdpCredential: false };
      return resultOf(await toolkit('v1/accounts:signInWithIdp', request, signedIn));
    },
    async signInWithPassword(email, password) {
      const request = { email, password, returnSecureToken: true };
      return resultOf(await toolkit('v1/accounts:signInWithPassword', request, signedIn));
    },
    async signUp(email, password) {
      return tokensOf(await toolkit('v1/accounts:signUp', { email, password, returnSecureToken: true }, tokens));
    },
    async finishSecondFactor(mfaPendingCredential, mfaEnrollmentId, verificationCode) {
      const request = { mfaPendingCredential, mfaEnrollmentId, totpVerificationInfo: { verificationCode } };
      return tokensOf(await toolkit('v2/accounts/mfaSignIn:finalize', request, tokens));
    },
    async refresh(refreshToken) {
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
      const answer = await send(['securetoken.googleapis.com', 'v1/token'], form, refreshed, REPEATED);
      return tokensOf({ idToken: answer.id_token, refreshToken: answer.refresh_token });
    },
    async sendVerification(idToken) {
      await toolkit('v1/accounts:sendOobCode', { requestType: 'VERIFY_EMAIL', idToken }, z.unknown());
    },
    async sendPasswordReset(email) {
      try {
        await toolkit('v1/accounts:sendOobCode', { requestType: 'PASSWORD_RESET', email }, z.unknown());
      } catch (error) {
        // Without e-mail enumeration protection, the project says who has an account; we do not.
        const unknown = error instanceof SignInRefusedError && error.refusal === 'wrong_credentials';
        if (!unknown) throw error;
      }
    },
    async startEnrollment(idToken) {
      const request = { idToken, totpEnrollmentInfo: {} };
      const { totpSessionInfo } = await toolkit('v2/accounts/mfaEnrollment:start', request, enrollment);
      return { secret: totpSessionInfo.sharedSecretKey, enrollment: totpSessionInfo.sessionInfo };
    },
    async finishEnrollment(idToken, sessionInfo, verificationCode, displayName) {
      const request = { idToken, displayName, totpVerificationInfo: { sessionInfo, verificationCode } };
      return tokensOf(await toolkit('v2/accounts/mfaEnrollment:finalize', request, tokens));
    },
  };
}

/** @throws SignInRefusedError, NoAnswerError */
async function post(url: string, body: Readonly<Record<string, unknown>> | URLSearchParams, timeout: number) {
  const isForm = body instanceof URLSearchParams;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
    body: isForm ? body.toString() : JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  }).catch((cause: unknown) => {
    throw new NoAnswerError(undefined, cause);
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const message = errorBody.safeParse(answer).data?.error.message ?? '';
  const refusal = REFUSALS[/^[A-Z_]+/.exec(message)?.[0] ?? ''];
  throw refusal === undefined ? new NoAnswerError(response.status) : new SignInRefusedError(refusal);
}

function resultOf(answer: z.output<typeof signedIn>): SignInResult {
  const { idToken, refreshToken, mfaPendingCredential, mfaInfo } = answer;
  if (mfaPendingCredential !== undefined) {
    const factors = mfaInfo.map((one) => ({ id: one.mfaEnrollmentId, name: one.displayName ?? null }));
    return { kind: 'second_factor', pendingCredential: mfaPendingCredential, factors };
  }
  if (answer.needConfirmation === true) throw new SignInRefusedError('other_provider');
  if (idToken === undefined || refreshToken === undefined) throw new SignInRefusedError('provider_refused');
  return { kind: 'signed_in', tokens: tokensOf({ idToken, refreshToken }) };
}

/** Comes straight from Identity Platform, so its signature is not checked here; every function that it is sent to does. */
function tokensOf({ idToken, refreshToken }: z.output<typeof tokens>): SignInTokens {
  const claims = idTokenClaims.parse(decodeJwt(idToken));
  return {
    uid: claims.sub,
    email: claims.email ?? null,
    emailVerified: claims.email_verified,
    signedInAt: claims.auth_time * 1000,
    secondFactor: claims.firebase.sign_in_second_factor !== undefined,
    idToken,
    refreshToken,
  };
}
