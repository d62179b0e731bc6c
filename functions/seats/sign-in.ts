import { normalEmail } from '#shared/model/email.ts';
import { type Fault, isFault } from '#shared/model/errors.ts';
import type { Identity } from '#shared/model/principal.ts';
import type { SignedIn } from './acquire-request.ts';
import { userNotProven } from './subject.ts';

type Authenticate = (authorization: string | undefined) => Promise<Identity>;

/**
 * Who sent a request, from its Authorization header. The token is verified when the result is called for the first time,
 * and once; undefined when the request has no such header.
 */
export type SignInOf = (authorization: string | undefined) => (() => Promise<SignedIn | Fault>) | undefined;

/** A token that proves no address is answered like none: nobody learns what was wrong with it. */
export const createSignInOf =
  (authenticate: Authenticate): SignInOf =>
  (authorization) => {
    if (authorization === undefined) return undefined;
    let verified: Promise<SignedIn | Fault> | undefined;
    return () => {
      verified ??= verify(authenticate, authorization);
      return verified;
    };
  };

async function verify(authenticate: Authenticate, authorization: string): Promise<SignedIn | Fault> {
  try {
    const identity = await authenticate(authorization);
    if (identity.kind !== 'user' || !identity.emailVerified || identity.email === undefined) return userNotProven();
    return { uid: identity.uid, email: normalEmail(identity.email) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return error.code === 'dependency_unavailable' ? error : userNotProven();
  }
}
