/** What a person's sign-in gave: who it is, and what proves it. */
export interface SignInTokens {
  readonly uid: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** Whether this sign-in had a second factor. */
  readonly secondFactor: boolean;
  /** Milliseconds since the epoch; a renewal keeps it. */
  readonly signedInAt: number;
  readonly idToken: string;
  /** A secret that lives until the person's sessions are revoked: it stays on our side. */
  readonly refreshToken: string;
}

/** A second factor by its id and the name that its owner gave it. */
export interface SignInFactor {
  readonly id: string;
  readonly name: string | null;
}

export type SignInResult =
  | { readonly kind: 'signed_in'; readonly tokens: SignInTokens }
  | { readonly kind: 'second_factor'; readonly pendingCredential: string; readonly factors: readonly SignInFactor[] };

/** Why nobody was signed in. */
export type SignInRefusal =
  | 'wrong_credentials'
  | 'wrong_code'
  /** A step came too late: begin again. */
  | 'expired'
  /** The session was revoked, or its account deleted. */
  | 'session_ended'
  | 'disabled'
  | 'too_many_attempts'
  | 'email_exists'
  | 'invalid_email'
  | 'weak_password'
  | 'unverified_email'
  | 'factor_exists'
  /** The person refused, or what the provider sent back is not ours. */
  | 'provider_refused'
  /** The address has an account with another way to sign in. */
  | 'other_provider'
  /** The deployment does not have this way to sign in. */
  | 'provider_off';

export class SignInRefusedError extends Error {
  readonly refusal: SignInRefusal;

  constructor(refusal: SignInRefusal, cause?: unknown) {
    super(`the sign-in was refused: ${refusal}`, { cause });
    this.name = 'SignInRefusedError';
    this.refusal = refusal;
  }
}

/** What an authenticator app needs, and the name under which its first code is to be sent. */
export interface FactorEnrollment {
  /** In base32. */
  readonly secret: string;
  readonly enrollment: string;
}

/**
 * The port to whoever keeps people's accounts. Each method throws SignInRefusedError for a refusal, and a Fault
 * `dependency_unavailable` when there is no answer.
 */
export interface SignInService {
  /**
   * @param providerId `google.com` or `github.com`
   * @param continueUri where the provider sends the person back to
   * @param sessionId binds the way there to the way back
   * @returns the address of the provider's page
   */
  providerPage(providerId: string, continueUri: string, sessionId: string): Promise<string>;
  /** @param requestUri the address to which the provider sent the person back, with all that it added */
  finishProvider(requestUri: string, sessionId: string): Promise<SignInResult>;
  signInWithPassword(email: string, password: string): Promise<SignInResult>;
  signUp(email: string, password: string): Promise<SignInTokens>;
  finishSecondFactor(pendingCredential: string, factorId: string, code: string): Promise<SignInTokens>;
  /** The tokens of a session, with the person's state of now. */
  refresh(refreshToken: string): Promise<SignInTokens>;
  sendVerification(idToken: string): Promise<void>;
  /** The same whether the address has an account or not. */
  sendPasswordReset(email: string): Promise<void>;
  startEnrollment(idToken: string): Promise<FactorEnrollment>;
  finishEnrollment(idToken: string, enrollment: string, code: string, name: string): Promise<SignInTokens>;
}
