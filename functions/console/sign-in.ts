import { randomBytes } from 'node:crypto';
import { CONSOLE_PATH, PROVIDERS, type Provider, type SessionState } from '#shared/contract/console.ts';
import { type Clock, systemClock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { personPath, readPerson } from '#shared/model/person.ts';
import { SignInRefusedError, type SignInResult, type SignInService, type SignInTokens } from '#shared/store/sign-in.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { Session, Sessions } from './sessions.ts';

/** Milliseconds. Whoever may do everything signs in anew more often. */
const STAFF_LIFETIME = 3_600_000;

/** A session, and what the page may know of it. */
export interface SignedIn {
  readonly session: Session;
  readonly state: SessionState;
}

export interface SignInOptions {
  readonly service: SignInService;
  readonly sessions: Sessions;
  readonly people: Pick<DocumentReader, 'get'>;
  readonly clock: Clock;
  /** Milliseconds after which the API takes no token of staff any more, however often it was renewed. */
  readonly staffMaxAge: number;
  /** Where the console is served: the provider sends people back there and nowhere else. */
  readonly origin: string;
}

/** A person's way into the console and out of it. The refresh token stays between us and Identity Platform. */
export function createConsoleSignIn({ service, sessions, people, clock, staffMaxAge, origin }: SignInOptions) {
  const callback = `${origin}${CONSOLE_PATH}/callback`;

  /** @returns the provider's page, and the id that is to come back with the person */
  async function begin(provider: Provider): Promise<{ readonly page: string; readonly sessionId: string }> {
    const sessionId = randomBytes(32).toString('base64url');
    return { page: await service.providerPage(PROVIDERS[provider], callback, sessionId), sessionId };
  }

  const finish = async (query: Readonly<Record<string, string>>, sessionId: string, former: Session | undefined) =>
    enter(await service.finishProvider(`${callback}?${new URLSearchParams(query)}`, sessionId), former);

  const withPassword = async (email: string, password: string, former: Session | undefined) =>
    enter(await service.signInWithPassword(email, password), former);

  async function signUp(email: string, password: string, former: Session | undefined): Promise<SignedIn> {
    const tokens = await service.signUp(email, password);
    const signedIn = await enter({ kind: 'signed_in', tokens }, former);
    // The account is there: whoever misses the message asks for another one.
    await service.sendVerification(tokens.idToken).catch(() => undefined);
    return signedIn;
  }

  async function withCode(session: Session, code: string, factor?: string): Promise<SignedIn> {
    const { secret } = session;
    if (secret.kind !== 'second_factor') throw new SignInRefusedError('expired');
    const id = factor ?? secret.factors[0]?.id ?? '';
    const tokens = await service.finishSecondFactor(secret.pendingCredential, id, code.replaceAll(/\s/g, ''));
    return enter({ kind: 'signed_in', tokens }, session);
  }

  async function enter(result: SignInResult, former: Session | undefined): Promise<SignedIn> {
    if (result.kind === 'second_factor') {
      const { kind, pendingCredential } = result;
      const factors = [...result.factors];
      const session = await sessions.begin(null, { kind, pendingCredential, factors }, former?.handle);
      return { session, state: { state: 'second_factor', factors } };
    }
    const { uid, refreshToken } = result.tokens;
    const session = await sessions.begin(uid, { kind: 'signed_in', refreshToken }, former?.handle);
    return { session, state: await describe(session, result.tokens) };
  }

  /** @throws SignInRefusedError `session_ended` when staff have to sign in anew */
  async function describe(session: Session, tokens: SignInTokens): Promise<SessionState> {
    const [document] = await people.get([personPath(tokens.uid)]);
    const { staff = false, tenants = {} } = document === undefined ? {} : readPerson(document);
    const endsAt = staff ? endForStaff(session, tokens) : session.expiresAt;
    if (clock.now() >= endsAt) {
      await sessions.end(session.handle);
      throw new SignInRefusedError('session_ended');
    }
    return {
      state: 'signed_in',
      id_token: tokens.idToken,
      session_ends_at: new Date(endsAt).toISOString(),
      uid: tokens.uid,
      email: tokens.email,
      email_verified: tokens.emailVerified,
      second_factor: tokens.secondFactor,
      staff,
      tenants,
    };
  }

  /** A second factor that was enrolled makes a new session, but not a new sign-in. */
  const endForStaff = ({ expiresAt, createdAt }: Session, { signedInAt }: SignInTokens): number =>
    Math.min(expiresAt, createdAt + STAFF_LIFETIME, clock.now() + staffMaxAge - (systemClock.now() - signedInAt));

  /** The session's tokens of now. A session that Identity Platform has revoked ends here, too. */
  async function refresh(session: Session): Promise<SignInTokens> {
    const { secret } = session;
    if (secret.kind !== 'signed_in') throw new Fault('unauthenticated', 'The sign-in is not finished.');
    try {
      const tokens = await service.refresh(secret.refreshToken);
      if (tokens.refreshToken !== secret.refreshToken) {
        await sessions.renew(session, { kind: 'signed_in', refreshToken: tokens.refreshToken });
      }
      return tokens;
    } catch (error) {
      if (error instanceof SignInRefusedError) await sessions.end(session.handle);
      throw error;
    }
  }

  async function state(session: Session): Promise<SessionState> {
    const { secret } = session;
    if (secret.kind === 'second_factor') return { state: 'second_factor', factors: secret.factors };
    return describe(session, await refresh(session));
  }

  const sendVerification = async (session: Session) => service.sendVerification((await refresh(session)).idToken);

  const startEnrollment = async (session: Session) => {
    const { idToken, email } = await refresh(session);
    return { ...(await service.startEnrollment(idToken)), email };
  };

  /** A session that had no second factor becomes one that had: under a new cookie. */
  async function finishEnrollment(session: Session, enrollment: string, code: string, name: string): Promise<SignedIn> {
    const { idToken } = await refresh(session);
    const tokens = await service.finishEnrollment(idToken, enrollment, code.replaceAll(/\s/g, ''), name);
    return enter({ kind: 'signed_in', tokens }, session);
  }

  async function signOut(session: Session, everywhere: boolean): Promise<void> {
    await sessions.end(session.handle);
    if (everywhere && session.uid !== null) await sessions.endAllOf(session.uid);
  }

  return {
    begin,
    finish,
    withPassword,
    signUp,
    withCode,
    state,
    sendVerification,
    sendPasswordReset: (email: string) => service.sendPasswordReset(email),
    startEnrollment,
    finishEnrollment,
    signOut,
  };
}

export type ConsoleSignIn = ReturnType<typeof createConsoleSignIn>;
