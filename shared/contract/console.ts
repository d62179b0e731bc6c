import * as z from 'zod';
import { defineRoute, type Method } from '../http/route.ts';

/** Where the console is served, and the only paths that its cookies serve. */
export const CONSOLE_PATH = '/console';

/** Identity providers by the name in their URL; the values are Identity Platform's own. */
export const PROVIDERS = { google: 'google.com', github: 'github.com' } as const;

export type Provider = keyof typeof PROVIDERS;

const html = { 200: { description: 'The page', contentType: 'text/html', schema: z.string() } };

/** A path at which the one page of the console is served; the page's script reads the address. */
const pageRoute = (id: string, path: string, summary = 'The console') =>
  defineRoute({ id, method: 'GET', path, access: ['anyone'], pageOnly: true, summary, responses: html });

export const consolePages = [
  pageRoute('getConsole', CONSOLE_PATH),
  pageRoute('getConsoleScreen', `${CONSOLE_PATH}/{screen}`),
  pageRoute('getConsoleItem', `${CONSOLE_PATH}/{screen}/{item}`),
  pageRoute('getConsolePart', `${CONSOLE_PATH}/{screen}/{item}/{part}`),
];

/** What is at the address of the installation itself: ways to the console and to the documentation. */
export const frontPage = pageRoute('getFrontPage', '/', 'Where to go from here');

/** The one page of the console that another site may show in a frame. */
export const portalPage = pageRoute('getPortal', `${CONSOLE_PATH}/portal`, 'A customer’s view of one licence');

export const consoleAsset = defineRoute({
  id: 'getConsoleAsset',
  method: 'GET',
  path: `${CONSOLE_PATH}/assets/{file}`,
  access: ['anyone'],
  pageOnly: true,
  summary: 'A script, stylesheet or image of the console; its name has a hash of its content',
  params: z.object({ file: z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/) }),
  responses: { 200: { description: 'The file', contentType: '*/*', schema: z.string() } },
});

export const signInWithProvider = defineRoute({
  id: 'signInWithProvider',
  method: 'GET',
  path: `${CONSOLE_PATH}/sign-in/{provider}`,
  access: ['anyone'],
  pageOnly: true,
  summary: 'To the identity provider’s sign-in page',
  params: z.object({ provider: z.enum(['google', 'github']) }),
  responses: { 302: { description: 'To the provider' } },
  errors: ['dependency_unavailable'],
});

export const signInCallback = defineRoute({
  id: 'signInCallback',
  method: 'GET',
  path: `${CONSOLE_PATH}/callback`,
  access: ['anyone'],
  pageOnly: true,
  summary: 'Back from the identity provider',
  query: z.record(z.string().max(100), z.string().max(4096)),
  responses: { 302: { description: 'To the console: signed in, or with `?sign_in=` and what went wrong' } },
});

const factor = z.object({ id: z.string(), name: z.string().nullable() });

/** What the page learns about its session. The refresh token is in none of it. */
const sessionState = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('signed_in'),
    id_token: z.string().describe('for the header `Authorization`; good for an hour'),
    session_ends_at: z.string(),
    uid: z.string(),
    email: z.string().nullable(),
    email_verified: z.boolean(),
    second_factor: z.boolean().describe('whether this sign-in had one'),
    staff: z.boolean(),
    tenants: z.record(z.string(), z.string()).describe('the role in each tenant, by the tenant’s id'),
  }),
  z.object({ state: z.literal('second_factor'), factors: z.array(factor) }),
]);

export type SessionState = z.output<typeof sessionState>;

const nothing = z.strictObject({});

/** A request of the page itself: its Origin is checked, and its session travels in a cookie. */
const ownRoute = <B extends z.ZodType>(
  id: string,
  path: string,
  summary: string,
  body: B,
  answer: z.ZodType | undefined = sessionState,
  method: Method = 'POST',
) =>
  defineRoute({
    id,
    method,
    path: `${CONSOLE_PATH}/${path}`,
    access: ['anyone'],
    pageOnly: true,
    summary,
    body,
    bodyLimit: 4096,
    // What is asked for needs no member, or has defaults.
    bodyOptional: body.safeParse({}).success,
    responses:
      answer === undefined
        ? { 204: { description: 'Done' } }
        : { 200: { description: 'The state of the session', schema: answer } },
    errors: ['unauthenticated', 'forbidden', 'dependency_unavailable'],
  });

const email = z.email().max(320);
const password = z.string().min(1).max(1024);
const code = z.string().regex(/^\s*\d{3}\s?\d{3}\s*$/, 'must be six digits');

export const consoleToken = ownRoute('getConsoleToken', 'token', 'A fresh ID token for the page', nothing);

export const signInWithPassword = ownRoute(
  'signInWithPassword',
  'sign-in/password',
  'Sign in with an e-mail address and a password',
  z.strictObject({ email, password }),
);

export const signUp = ownRoute(
  'signUp',
  'sign-up',
  'A new account; a message with a link verifies its address',
  z.strictObject({ email, password }),
);

export const finishSecondFactor = ownRoute(
  'finishSecondFactor',
  'sign-in/second-factor',
  'The second step of a sign-in',
  z.strictObject({ code, factor: z.string().max(128).optional().describe('default: the first') }),
);

export const startEnrollment = ownRoute(
  'startSecondFactor',
  'second-factor',
  'The secret for an authenticator app',
  nothing,
  z.object({ secret: z.string(), uri: z.string().describe('otpauth://, for a QR code'), enrollment: z.string() }),
);

export const finishEnrollment = ownRoute(
  'enrollSecondFactor',
  'second-factor/code',
  'The authenticator app’s first code: from now on each sign-in asks for one',
  z.strictObject({ enrollment: z.string().max(4096), code, name: z.string().max(64).optional() }),
);

export const resetPassword = ownRoute(
  'resetPassword',
  'password-reset',
  'A message with a link to set a new password, if there is such an account',
  z.strictObject({ email }),
  undefined,
);

export const verifyEmail = ownRoute(
  'verifyEmail',
  'verify-email',
  'Another message with a link that verifies the address',
  nothing,
  undefined,
);

export const signOut = ownRoute(
  'signOut',
  'sign-out',
  'End the session, or all sessions of this person',
  z.strictObject({ everywhere: z.boolean().optional() }),
  undefined,
);
