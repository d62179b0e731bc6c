import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Account, type Accounts, isPassword, type SignIn } from './accounts.ts';
import { IdentityError } from './identity-error.ts';
import type { Mail } from './mail.ts';
import { describe, mfaInfo, oobRequest, parse } from './messages.ts';
import { createOneTime } from './one-time.ts';
import type { Providers } from './providers.ts';
import { isTotpCode, TOTP_DIGITS, TOTP_PERIOD_SECONDS, toBase32 } from './totp.ts';

const passwordRequest = z.object({ email: z.string(), password: z.string() });
const updateRequest = z.object({
  idToken: z.string().optional(),
  oobCode: z.string().optional(),
  password: z.string().optional(),
});
const resetRequest = z.object({ oobCode: z.string(), newPassword: z.string().optional() });
const tokenRequest = z.object({ idToken: z.string() });
const startEnrollment = tokenRequest.extend({ totpEnrollmentInfo: z.object({}) });
const finalizeEnrollment = tokenRequest.extend({
  displayName: z.string().optional(),
  totpVerificationInfo: z.object({ sessionInfo: z.string(), verificationCode: z.string() }),
});
const withdrawEnrollment = tokenRequest.extend({ mfaEnrollmentId: z.string() });
const finalizeSignIn = z.object({
  mfaPendingCredential: z.string(),
  mfaEnrollmentId: z.string(),
  totpVerificationInfo: z.object({ verificationCode: z.string() }),
});

/** Google gives five minutes to finish an enrolment or a sign-in. */
const PENDING_MS = 5 * 60 * 1000;

export interface SignInOptions {
  readonly accounts: Accounts;
  readonly mail: Mail;
  readonly providers: Pick<Providers, 'createAuthUri' | 'takeArrival'>;
  readonly idTokenOf: (signIn: SignIn) => Promise<string>;
  /** The uid of a token that verifies. */
  readonly uidOf: (idToken: string) => Promise<string | undefined>;
}

type Act = (body: string) => object | Promise<object>;

/** What people do themselves, with an API key that says which project is meant and nothing else. */
export function createSignIn({
  accounts,
  mail,
  providers,
  idTokenOf,
  uidOf,
}: SignInOptions): Readonly<Record<string, Act>> {
  const enrolling = createOneTime<{ readonly localId: string; readonly secret: string }>(PENDING_MS);
  const pending = createOneTime<Account>(PENDING_MS);

  async function signedIn(account: Account, secondFactor: boolean) {
    const signIn = { account, secondFactor, authTime: Math.floor(Date.now() / 1000) };
    return { idToken: await idTokenOf(signIn), refreshToken: accounts.signIn(signIn) };
  }

  async function accountOf(idToken: string): Promise<Account> {
    const account = accounts.find((await uidOf(idToken)) ?? '');
    if (account === undefined) throw new IdentityError(400, 'INVALID_ID_TOKEN');
    if (account.disabled) throw new IdentityError(400, 'USER_DISABLED');
    return account;
  }

  async function signUp(body: string): Promise<object> {
    const { email, password } = parse(passwordRequest.extend({ email: z.email() }), body);
    const account = accounts.add(undefined, email, { password, emailVerified: false });
    return {
      ...{ kind: 'identitytoolkit#SignupNewUserResponse', localId: account.localId, email: account.email },
      ...(await signedIn(account, false)),
      expiresIn: '3600',
    };
  }

  async function signInWithPassword(body: string): Promise<object> {
    const { email, password } = parse(passwordRequest, body);
    const account = accounts.findByEmail(email);
    if (account === undefined || !isPassword(account, password))
      throw new IdentityError(400, 'INVALID_LOGIN_CREDENTIALS');
    const about = {
      ...{ kind: 'identitytoolkit#VerifyPasswordResponse', localId: account.localId, email: account.email },
      registered: true,
    };
    return { ...about, ...(await firstStep(account)) };
  }

  /** The tokens, or for an account with a second factor what goes with its code. */
  async function firstStep(account: Account): Promise<object> {
    if (account.disabled) throw new IdentityError(400, 'USER_DISABLED');
    if (account.factors.length > 0) {
      return { mfaPendingCredential: pending.put(account), mfaInfo: mfaInfo(account) };
    }
    return { ...(await signedIn(account, account.secondFactor)), expiresIn: '3600' };
  }

  async function signInWithIdp(body: string): Promise<object> {
    const { account, providerId } = providers.takeArrival(body);
    const { localId, email, emailVerified } = account;
    const about = { kind: 'identitytoolkit#VerifyAssertionResponse', localId, email, emailVerified, providerId };
    return { ...about, ...(await firstStep(account)) };
  }

  async function sendOobCode(body: string): Promise<object> {
    const { requestType, idToken, email } = parse(oobRequest, body);
    const account = idToken === undefined ? accounts.findByEmail(email ?? '') : await accountOf(idToken);
    const kind = 'identitytoolkit#GetOobConfirmationCodeResponse';
    // As with e-mail enumeration protection: a stranger does not learn who has an account.
    if (account === undefined) return { kind, email };
    if (requestType === 'VERIFY_EMAIL' && idToken === undefined) throw new IdentityError(400, 'INVALID_ID_TOKEN');
    mail.send({ requestType, email: account.email, localId: account.localId });
    return { kind, email: account.email };
  }

  async function update(body: string): Promise<object> {
    const { idToken, oobCode, password } = parse(updateRequest, body);
    if (oobCode !== undefined) {
      const code = mail.peek(oobCode)?.requestType === 'VERIFY_EMAIL' ? mail.use(oobCode) : undefined;
      const account = accounts.find(code?.localId ?? '');
      if (account === undefined) throw new IdentityError(400, 'INVALID_OOB_CODE');
      account.emailVerified = true;
      return { kind: 'identitytoolkit#SetAccountInfoResponse', ...describe(account) };
    }
    const account = await accountOf(idToken ?? '');
    const { secondFactor } = { secondFactor: account.factors.length > 0 };
    if (password === undefined) return { kind: 'identitytoolkit#SetAccountInfoResponse', ...describe(account) };
    accounts.setPassword(account, password);
    accounts.revoke(account, account.validSince);
    const tokens = await signedIn(account, secondFactor);
    return { kind: 'identitytoolkit#SetAccountInfoResponse', ...describe(account), ...tokens, expiresIn: '3600' };
  }

  function resetPassword(body: string): object {
    const { oobCode, newPassword } = parse(resetRequest, body);
    const code = mail.peek(oobCode);
    const account = accounts.find(code?.localId ?? '');
    if (code?.requestType !== 'PASSWORD_RESET' || account === undefined)
      throw new IdentityError(400, 'INVALID_OOB_CODE');
    if (newPassword !== undefined) {
      accounts.setPassword(account, newPassword);
      accounts.revoke(account, account.validSince);
      account.emailVerified = true; // whoever has the code receives mail there
      mail.use(oobCode);
    }
    return { kind: 'identitytoolkit#ResetPasswordResponse', email: account.email, requestType: code.requestType };
  }

  async function lookup(body: string): Promise<object> {
    const account = await accountOf(parse(tokenRequest, body).idToken);
    return { kind: 'identitytoolkit#GetAccountInfoResponse', users: [describe(account)] };
  }

  async function enroll(body: string): Promise<object> {
    const account = await accountOf(parse(startEnrollment, body).idToken);
    if (!account.emailVerified) throw new IdentityError(400, 'UNVERIFIED_EMAIL');
    if (account.factors.length > 0) throw new IdentityError(400, 'SECOND_FACTOR_EXISTS');
    const secret = toBase32(randomBytes(20));
    return {
      totpSessionInfo: {
        sharedSecretKey: secret,
        verificationCodeLength: TOTP_DIGITS,
        hashingAlgorithm: 'SHA1',
        periodSec: TOTP_PERIOD_SECONDS,
        sessionInfo: enrolling.put({ localId: account.localId, secret }),
        finalizeEnrollmentTime: new Date(Date.now() + PENDING_MS).toISOString(),
      },
    };
  }

  async function finishEnrollment(body: string): Promise<object> {
    const { idToken, displayName, totpVerificationInfo } = parse(finalizeEnrollment, body);
    const account = await accountOf(idToken);
    const { sessionInfo, verificationCode } = totpVerificationInfo;
    const session = enrolling.peek(sessionInfo);
    if (session?.localId !== account.localId) throw new IdentityError(400, 'INVALID_SESSION_INFO');
    if (!isTotpCode(session.secret, verificationCode, Date.now())) throw new IdentityError(400, 'INVALID_CODE');
    enrolling.take(sessionInfo);
    const mfaEnrollmentId = randomBytes(16).toString('hex');
    account.factors = [
      ...account.factors,
      { mfaEnrollmentId, displayName, secret: session.secret, enrolledAt: Date.now() },
    ];
    return { ...(await signedIn(account, true)), totpAuthInfo: {} };
  }

  async function withdraw(body: string): Promise<object> {
    const { idToken, mfaEnrollmentId } = parse(withdrawEnrollment, body);
    const account = await accountOf(idToken);
    if (!account.factors.some((one) => one.mfaEnrollmentId === mfaEnrollmentId)) {
      throw new IdentityError(400, 'MFA_ENROLLMENT_NOT_FOUND');
    }
    account.factors = account.factors.filter((one) => one.mfaEnrollmentId !== mfaEnrollmentId);
    return signedIn(account, false);
  }

  async function finishSignIn(body: string): Promise<object> {
    const { mfaPendingCredential, mfaEnrollmentId, totpVerificationInfo } = parse(finalizeSignIn, body);
    const account = pending.peek(mfaPendingCredential);
    if (account === undefined) throw new IdentityError(400, 'INVALID_MFA_PENDING_CREDENTIAL');
    const factor = account.factors.find((one) => one.mfaEnrollmentId === mfaEnrollmentId);
    if (factor === undefined) throw new IdentityError(400, 'MFA_ENROLLMENT_NOT_FOUND');
    if (!isTotpCode(factor.secret, totpVerificationInfo.verificationCode, Date.now())) {
      throw new IdentityError(400, 'INVALID_CODE');
    }
    pending.take(mfaPendingCredential);
    return signedIn(account, true);
  }

  return {
    'v1/accounts:signUp': signUp,
    'v1/accounts:signInWithPassword': signInWithPassword,
    'v1/accounts:createAuthUri': providers.createAuthUri,
    'v1/accounts:signInWithIdp': signInWithIdp,
    'v1/accounts:sendOobCode': sendOobCode,
    'v1/accounts:update': update,
    'v1/accounts:resetPassword': resetPassword,
    'v1/accounts:lookup': lookup,
    'v2/accounts/mfaEnrollment:start': enroll,
    'v2/accounts/mfaEnrollment:finalize': finishEnrollment,
    'v2/accounts/mfaEnrollment:withdraw': withdraw,
    // Step one sends a text message; a TOTP code needs none, so that request is never right here.
    'v2/accounts/mfaSignIn:start': () => {
      throw new IdentityError(400, 'INVALID_ARGUMENT');
    },
    'v2/accounts/mfaSignIn:finalize': finishSignIn,
  };
}
