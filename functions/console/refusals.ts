import { Fault, type FaultCode, invalid } from '#shared/model/errors.ts';
import { type SignInRefusal, SignInRefusedError } from '#shared/store/sign-in.ts';

type Words = readonly [code: FaultCode, detail: string];

/** What a refusal is in the API's terms, and in words for the person. */
const FAULTS: Readonly<Record<Exclude<SignInRefusal, 'weak_password' | 'invalid_email'>, Words>> = {
  wrong_credentials: ['unauthenticated', 'The e-mail address or the password is wrong.'],
  wrong_code: ['unauthenticated', 'The code is wrong, or its time is over.'],
  expired: ['unauthenticated', 'This took too long: sign in again.'],
  session_ended: ['unauthenticated', 'The session has ended: sign in again.'],
  disabled: ['forbidden', 'This account is disabled.'],
  too_many_attempts: ['rate_limited', 'Too many attempts with this account: wait a few minutes.'],
  email_exists: ['conflict', 'There is an account with this e-mail address already: sign in.'],
  unverified_email: ['conflict', 'Verify the e-mail address first: follow the link in our message.'],
  factor_exists: ['conflict', 'There is a second factor already.'],
  provider_refused: ['unauthenticated', 'The identity provider did not confirm the sign-in.'],
  other_provider: ['conflict', 'This address has signed in another way before: use that one.'],
  provider_off: ['forbidden', 'This way to sign in is not available here.'],
};

/** Seconds. */
const WAIT_AFTER_ATTEMPTS = 300;

/** @returns the Fault of a refused sign-in; another error as it is */
export function toFault(error: unknown): unknown {
  if (!(error instanceof SignInRefusedError)) return error;
  const { refusal } = error;
  if (refusal === 'weak_password') {
    return invalid([{ path: 'password', message: 'is too weak: take a longer one, with other kinds of characters' }]);
  }
  if (refusal === 'invalid_email') return invalid([{ path: 'email', message: 'is no e-mail address' }]);
  const [code, detail] = FAULTS[refusal];
  return new Fault(code, detail, {
    cause: error,
    extra: { refusal },
    ...(code === 'rate_limited' ? { retryAfter: WAIT_AFTER_ATTEMPTS } : {}),
  });
}
