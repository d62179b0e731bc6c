import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { Caller } from '#local/caller.ts';
import type { Issuer } from '#local/issuer/start.ts';
import { listen, shut } from '#local/listen.ts';
import type { Recorder } from '#local/recorder.ts';
import { type AccountOptions, type Accounts, createAccounts } from './accounts.ts';
import { errorBody, IdentityError, injectedError } from './identity-error.ts';
import { methodOf } from './methods.ts';

export interface IdentityOptions {
  readonly projectId: string;
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly issuer: Pick<Issuer, 'userToken'>;
  /** Calls are counted and faults injected as `identity.lookup`, `identity.update` and so on. */
  readonly recorder: Recorder;
}

export interface LocalIdentity {
  /** host:port for one account. @throws Error for an account that is not among the callers */
  address(email: string): string;
  /** Adds a user; in production the sign-in page creates users. */
  addUser(uid: string, email: string, options?: AccountOptions): void;
  /** @returns a refresh token, to be exchanged for an ID token with the user's claims of that moment */
  signIn(uid: string): string;
  close(): Promise<void>;
}

const ACCOUNTS = /^\/identitytoolkit\.googleapis\.com\/v1\/projects\/([^/:]+)\/accounts:(\w+)(?:\?(.*))?$/;
const TOKEN = /^\/securetoken\.googleapis\.com\/v1\/token(?:\?.*)?$/;

/**
 * Identity Platform's REST API for accounts, under the paths at which the Auth emulator serves it: plain HTTP, and a
 * token that names nobody. So each service account has a listener of its own, with its rights.
 */
export async function startIdentity(options: IdentityOptions): Promise<LocalIdentity> {
  const { projectId, callers, issuer, recorder } = options;
  const accounts = createAccounts();
  const servers = new Map<string, { server: Server; port: number }>();

  async function answer(caller: Caller, request: IncomingMessage): Promise<object> {
    const body = await text(request);
    if (request.method === 'POST' && TOKEN.test(request.url ?? '')) {
      return recorded('token', () => exchange(accounts, issuer, projectId, body));
    }
    const [, project, method, search] = ACCOUNTS.exec(request.url ?? '') ?? [];
    if (project === undefined || method === undefined) throw new IdentityError(404, 'NOT_FOUND');
    const [permission, act] = methodOf(accounts, request.method, method, search, body);
    const allowed = project === projectId && caller.may(permission, `projects/${project}`);
    if (!allowed) throw new IdentityError(403, 'INSUFFICIENT_PERMISSION');
    return recorded(method, act);
  }

  async function recorded(method: string, act: () => object | Promise<object>): Promise<object> {
    const fault = await recorder.enter('identity', method);
    if (fault === undefined) return act();
    if (fault.lost) await act();
    throw injectedError(fault.code);
  }

  for (const caller of callers) {
    const server = createServer((request, response) => {
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

  return {
    address(email) {
      const found = servers.get(email);
      if (found === undefined) throw new Error(`no listener for ${email}`);
      return `127.0.0.1:${found.port}`;
    },
    addUser: (uid, email, options) => void accounts.add(uid, email, options),
    signIn: (uid) => accounts.signIn(uid),
    async close() {
      await Promise.all([...servers.values()].map(({ server }) => shut(server)));
    },
  };
}

/** Exchanges a refresh token for an ID token with the user's current claims. */
async function exchange(
  accounts: Accounts,
  issuer: Pick<Issuer, 'userToken'>,
  projectId: string,
  body: string,
): Promise<object> {
  const form = new URLSearchParams(body);
  const token = form.get('refresh_token') ?? '';
  if (form.get('grant_type') !== 'refresh_token') throw new IdentityError(400, 'INVALID_GRANT_TYPE');
  const account = accounts.refresh(token);
  if (account === undefined) throw new IdentityError(400, 'TOKEN_EXPIRED');
  const id = await issuer.userToken({
    uid: account.localId,
    email: account.email,
    secondFactor: account.secondFactor,
    claims: customClaims.parse(JSON.parse(account.customAttributes)),
  });
  const user = { user_id: account.localId, project_id: projectId };
  return { id_token: id, access_token: id, refresh_token: token, expires_in: '3600', token_type: 'Bearer', ...user };
}

const customClaims = z.record(z.string(), z.unknown());

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body));
}
