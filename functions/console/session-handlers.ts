import * as contract from '#shared/contract/console.ts';
import { toProblem } from '#shared/http/problem.ts';
import type { BoundRoute, HandlerInput, HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { SignInRefusedError } from '#shared/store/sign-in.ts';
import type { ConsoleCookies } from './cookies.ts';
import { toFault } from './refusals.ts';
import type { Session, Sessions } from './sessions.ts';
import type { ConsoleSignIn, SignedIn } from './sign-in.ts';

export interface SessionHandlersOptions {
  readonly signIn: ConsoleSignIn;
  readonly sessions: Pick<Sessions, 'find'>;
  readonly cookies: ConsoleCookies;
  readonly clock: Clock;
  readonly origin: string;
}

type Request = Pick<HandlerInput<never, never, never>, 'headers' | 'requestId' | 'setHeaders'>;

/** Seconds within which a person comes back from the identity provider. */
const ROUND_TRIP = 600;

/** The requests by which a person gets in and out. */
export function sessionRoutes({ signIn, sessions, cookies, clock, origin }: SessionHandlersOptions): BoundRoute[] {
  const sessionOf = ({ headers }: Request) => sessions.find(cookies.session.read(headers['cookie']));

  /** Browsers send Origin with every POST, and no page can change it (Fetch standard): no other site can act here. */
  function requireOwnOrigin({ headers }: Request): void {
    if (headers['origin'] === origin) return;
    throw new Fault('forbidden', 'Only the console itself may ask for this.');
  }

  /** Runs what a page of ours asks for. A session that has ended takes its cookie along. */
  async function answered(request: Request, act: () => Promise<HttpResponse>): Promise<HttpResponse> {
    requireOwnOrigin(request);
    try {
      return await act();
    } catch (error) {
      if (error instanceof SignInRefusedError && error.refusal === 'session_ended') {
        request.setHeaders({ 'set-cookie': cookies.session.cleared });
      }
      throw toFault(error);
    }
  }

  /** The same for whoever is signed in. */
  const forSession = (request: Request, act: (session: Session) => Promise<HttpResponse>) =>
    answered(request, async () => {
      const session = await sessionOf(request);
      return session === undefined ? signedOut(request) : act(session);
    });

  function signedOut({ headers, requestId, setHeaders }: Request): HttpResponse {
    const fault = new Fault('unauthenticated', 'Nobody is signed in here.');
    if (cookies.session.read(headers['cookie']) !== undefined) {
      setHeaders({ 'set-cookie': cookies.session.cleared });
      throw fault;
    }
    // Without a cookie nothing was guessed: it is an answer, and no failure that counts against the address.
    return toProblem(fault, requestId);
  }

  const sessionCookie = ({ handle, expiresAt }: Session): string =>
    cookies.session.set(handle.text, (expiresAt - clock.now()) / 1000);

  const entered = ({ session, state }: SignedIn): HttpResponse => ({
    status: 200,
    body: state,
    cookies: [sessionCookie(session)],
  });

  const done: HttpResponse = { status: 204 };

  /** Back to the console, from an address that a person sees: what went wrong is in the query, in one of our words. */
  const toConsole = (problem: string | undefined, set: readonly string[]): HttpResponse => ({
    status: 302,
    headers: {
      location: problem === undefined ? contract.CONSOLE_PATH : `${contract.CONSOLE_PATH}?sign_in=${problem}`,
    },
    cookies: set,
  });

  return [
    bind(contract.signInWithProvider, async ({ params, log }) => {
      try {
        const { page, sessionId } = await signIn.begin(params.provider);
        return { status: 302, headers: { location: page }, cookies: [cookies.state.set(sessionId, ROUND_TRIP)] };
      } catch (error) {
        log.log('ERROR', 'sign_in_not_begun', { error });
        return toConsole(problemOf(error), []);
      }
    }),

    bind(contract.signInCallback, async ({ query, headers, log }) => {
      const sessionId = cookies.state.read(headers['cookie']);
      const spent = [cookies.state.cleared];
      if (query['error'] !== undefined) return toConsole('cancelled', spent);
      if (sessionId === undefined) return toConsole('expired', spent);
      try {
        const former = await sessions.find(cookies.session.read(headers['cookie']));
        const { session } = await signIn.finish(query, sessionId, former);
        return toConsole(undefined, [...spent, sessionCookie(session)]);
      } catch (error) {
        log.log('INFO', 'sign_in_failed', { error });
        return toConsole(problemOf(error), spent);
      }
    }),

    bind(contract.consoleToken, (request) =>
      forSession(request, async (session) => ({ status: 200, body: await signIn.state(session) })),
    ),

    bind(contract.signInWithPassword, (request) =>
      answered(request, async () => {
        const { email, password } = request.body;
        return entered(await signIn.withPassword(email, password, await sessionOf(request)));
      }),
    ),

    bind(contract.signUp, (request) =>
      answered(request, async () => {
        const { email, password } = request.body;
        return entered(await signIn.signUp(email, password, await sessionOf(request)));
      }),
    ),

    bind(contract.finishSecondFactor, (request) =>
      forSession(request, async (session) => {
        const { code, factor } = request.body;
        return entered(await signIn.withCode(session, code, factor));
      }),
    ),

    bind(contract.startEnrollment, (request) =>
      forSession(request, async (session) => {
        const { secret, enrollment, email } = await signIn.startEnrollment(session);
        return { status: 200, body: { secret, enrollment, uri: otpauthUri(secret, email) } };
      }),
    ),

    bind(contract.finishEnrollment, (request) =>
      forSession(request, async (session) => {
        const { enrollment, code, name = 'Authenticator app' } = request.body;
        return entered(await signIn.finishEnrollment(session, enrollment, code, name));
      }),
    ),

    bind(contract.resetPassword, (request) =>
      answered(request, async () => {
        await signIn.sendPasswordReset(request.body.email);
        return done;
      }),
    ),

    bind(contract.verifyEmail, (request) =>
      forSession(request, async (session) => {
        await signIn.sendVerification(session);
        return done;
      }),
    ),

    bind(contract.signOut, (request) =>
      answered(request, async () => {
        const session = await sessionOf(request);
        if (session !== undefined) await signIn.signOut(session, request.body.everywhere ?? false);
        return { ...done, cookies: [cookies.session.cleared] };
      }),
    ),
  ];
}

/** What went wrong with a sign-in by a provider, as the page's address has it. */
function problemOf(error: unknown): string {
  if (error instanceof SignInRefusedError) return error.refusal;
  return isFault(error, 'dependency_unavailable') ? 'unavailable' : 'failed';
}

/** As authenticator apps read it: https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
function otpauthUri(secret: string, email: string | null): string {
  const label = encodeURIComponent(email === null ? 'Countersign' : `Countersign:${email}`);
  return `otpauth://totp/${label}?secret=${secret}&issuer=Countersign&algorithm=SHA1&digits=6&period=30`;
}
