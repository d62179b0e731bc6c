import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as z from 'zod';
import { type Caller, createCaller } from '#local/caller.ts';
import type { Issuer } from '#local/issuer/start.ts';
import { listen, shut } from '#local/listen.ts';
import type { Recorder } from '#local/recorder.ts';
import { type AccountOptions, type Accounts, createAccounts, type SignIn } from './accounts.ts';
import { createAdministration } from './administration.ts';
import { errorBody, IdentityError, injectedError } from './identity-error.ts';
import { createMail } from './mail.ts';
import { ACTION_PAGE, createPages, SIGN_IN_PAGE } from './pages.ts';
import { createProviders } from './providers.ts';
import { createSignIn } from './sign-in.ts';

export interface IdentityOptions {
  readonly projectId: string;
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly issuer: Pick<Issuer, 'userToken' | 'userJwksUrl'>;
  /** Calls are counted and faults injected as `identity.lookup`, `identity.signUp` and so on. */
  readonly recorder: Recorder;
}

export interface LocalIdentity {
  /** host:port for one account. @throws Error for an account that is not among the callers */
  address(email: string): string;
  /** host:port for people, who have no rights in the project. */
  readonly publicAddress: string;
  /** What people's requests carry. */
  readonly apiKey: string;
  /** Adds a user, without signing up. */
  addUser(uid: string, email: string, options?: AccountOptions): void;
  /** @returns a refresh token, to be exchanged for an ID token with the user's claims of that moment */
  signIn(uid: string): string;
  close(): Promise<void>;
}

const PROJECT_METHOD =
  /^\/identitytoolkit\.googleapis\.com\/(?:v1|admin\/v2)\/projects\/([^/:?]+)\/(accounts|config)(:\w+)?(?:\?(.*))?$/;
const OWN_METHOD = /^\/identitytoolkit\.googleapis\.com\/(v[12]\/accounts[:/][\w:]+)(?:\?(.*))?$/;
const TOKEN = /^\/securetoken\.googleapis\.com\/v1\/token(?:\?(.*))?$/;
/** Where the Auth emulator shows the codes that were not sent by mail. */
const OOB_CODES = /^\/emulator\/v1\/projects\/([^/?]+)\/oobCodes$/;

const STRANGER = 'people';

/**
 * Identity Platform's REST API for accounts, under the paths at which the Auth emulator serves it: plain HTTP, and a
 * token that names nobody. So each service account has a listener of its own, with its rights, and people have one.
 */
export async function startIdentity(options: IdentityOptions): Promise<LocalIdentity> {
  const { projectId, callers, issuer, recorder } = options;
  const apiKey = `key-of-${projectId}`;
  const accounts = createAccounts();
  const mail = createMail(() => `http://${addressOf(STRANGER)}${ACTION_PAGE}`);
  const providers = createProviders(accounts, () => `http://${addressOf(STRANGER)}${SIGN_IN_PAGE}`);
  const administer = createAdministration({ accounts, mail, apiKey });
  const keys = createRemoteJWKSet(new URL(issuer.userJwksUrl));
  const idTokenOf = ({ account, secondFactor, authTime }: SignIn) =>
    issuer.userToken({
      uid: account.localId,
      email: account.email,
      emailVerified: account.emailVerified,
      secondFactor,
      authTime,
      expiresInSeconds: 3600,
      claims: customClaims.parse(JSON.parse(account.customAttributes)),
    });
  const uidOf = async (idToken: string) => {
    const verified = await jwtVerify(idToken, keys, { audience: projectId }).catch(() => undefined);
    return verified?.payload.sub;
  };
  const own = createSignIn({ accounts, mail, providers, idTokenOf, uidOf });
  const pages = createPages({
    accounts,
    providers,
    mail,
    act: (method, body) => own[`v1/accounts:${method}`]?.(JSON.stringify(body)),
  });
  const servers = new Map<string, { server: Server; port: number }>();

  async function answer(caller: Caller, request: IncomingMessage): Promise<object> {
    const body = await text(request);
    const url = request.url ?? '';
    const [token, tokenSearch = ''] = TOKEN.exec(url) ?? [];
    if (request.method === 'POST' && token !== undefined) {
      requireKey(tokenSearch);
      return recorded('token', () => exchange(accounts, idTokenOf, projectId, body));
    }
    const [, ownMethod, ownSearch = ''] = OWN_METHOD.exec(url) ?? [];
    const act = request.method === 'POST' && ownMethod !== undefined ? own[ownMethod] : undefined;
    if (act !== undefined) {
      requireKey(ownSearch);
      return recorded(lastWord(ownMethod), () => act(body));
    }
    if (request.method === 'GET' && OOB_CODES.exec(url)?.[1] === projectId) return { oobCodes: mail.all() };
    const [, project, collection, verb = '', search = ''] = PROJECT_METHOD.exec(url) ?? [];
    const [permission, administrate] = administer(`${request.method} ${collection}${verb}`) ?? [];
    if (project === undefined || permission === undefined || administrate === undefined) {
      throw new IdentityError(404, 'NOT_FOUND');
    }
    const allowed = project === projectId && caller.may(permission, `projects/${project}`);
    if (!allowed) throw new IdentityError(403, 'INSUFFICIENT_PERMISSION');
    return recorded(verb === '' ? String(collection) : lastWord(verb), () => administrate(body, search));
  }

  async function pageFor({ method, url = '' }: IncomingMessage) {
    const [path = '', search] = url.split('?');
    return method === 'GET' ? pages(path, new URLSearchParams(search)) : undefined;
  }

  function requireKey(search: string): void {
    if (new URLSearchParams(search).get('key') === apiKey) return;
    throw new IdentityError(403, 'The request is missing a valid API key.');
  }

  async function recorded(method: string, act: () => object | Promise<object>): Promise<object> {
    const fault = await recorder.enter('identity', method);
    if (fault === undefined) return act();
    if (fault.lost) await act();
    throw injectedError(fault.code);
  }

  for (const caller of [...callers, createCaller(STRANGER, [])]) {
    const server = createServer(async (request, response) => {
      const page = caller.email === STRANGER ? await pageFor(request) : undefined;
      if (page !== undefined) return void response.writeHead(page.status, page.headers).end(page.body);
      answer(caller, request).then(
        (body) => send(response, 200, body),
        (error: unknown) => {
          const failure = error instanceof IdentityError ? error : new IdentityError(500, 'INTERNAL_ERROR');
          send(response, failure.status, errorBody(failure));
        },
      );
    });
    servers.set(caller.email, { server, port: await listen(server) });
  }

  function addressOf(email: string): string {
    const found = servers.get(email);
    if (found === undefined) throw new Error(`no listener for ${email}`);
    return `127.0.0.1:${found.port}`;
  }

  return {
    address: addressOf,
    publicAddress: addressOf(STRANGER),
    apiKey,
    addUser: (uid, email, more) => void accounts.add(uid, email, more),
    signIn(uid) {
      const account = accounts.find(uid);
      if (account === undefined) throw new Error(`no user ${uid}`);
      return accounts.signIn({ account, secondFactor: account.secondFactor, authTime: Math.floor(Date.now() / 1000) });
    },
    async close() {
      await Promise.all([...servers.values()].map(({ server }) => shut(server)));
    },
  };
}

const lastWord = (method: string | undefined): string => /(\w+)$/.exec(method ?? '')?.[1] ?? '';

/** Exchanges a refresh token for an ID token with the user's current claims. */
async function exchange(
  accounts: Accounts,
  idTokenOf: (signIn: SignIn) => Promise<string>,
  projectId: string,
  body: string,
): Promise<object> {
  const form = new URLSearchParams(body);
  const token = form.get('refresh_token') ?? '';
  if (form.get('grant_type') !== 'refresh_token') throw new IdentityError(400, 'INVALID_GRANT_TYPE');
  const signIn = accounts.refresh(token);
  if (signIn === undefined) throw new IdentityError(400, 'TOKEN_EXPIRED');
  if (signIn.account.disabled) throw new IdentityError(400, 'USER_DISABLED');
  const id = await idTokenOf(signIn);
  const user = { user_id: signIn.account.localId, project_id: projectId };
  return { id_token: id, access_token: id, refresh_token: token, expires_in: '3600', token_type: 'Bearer', ...user };
}

const customClaims = z.record(z.string(), z.unknown());

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    // Pages of any origin call it, as they do Google's.
    'access-control-allow-origin': '*',
  });
  response.end(JSON.stringify(body));
}
