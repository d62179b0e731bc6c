import * as z from 'zod';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import { Sensitive } from '../model/sensitive.ts';
import type { User, UserDirectory } from '../store/users.ts';
import { type AccessTokens, createOwnTokens } from './access-token.ts';
import { retrying } from './retry.ts';

export interface IdentitySettings {
  readonly projectId: string;
  readonly clock: Clock;
  /** host:port of an Auth emulator, or of a stand-in that answers as one does; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Default: tokens of the account that the function runs as, or the constant token of an emulator. */
  readonly tokens?: Pick<AccessTokens, 'current'> | undefined;
  /** Milliseconds for one operation, repeats included. */
  readonly timeout?: number;
}

const TIMEOUT = 8_000;
/** Attempts, including the first. Every operation is idempotent. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt. */
const BACKOFF = 100;

/** Limits of Identity Platform. https://cloud.google.com/identity-platform/docs/concepts-manage-users */
const MAX_UID_LENGTH = 128;
const MAX_CLAIMS_LENGTH = 1000;

/** An Auth emulator treats this token as an administrator. */
const EMULATOR_TOKENS = { current: async () => new Sensitive('owner') };

/** An error response: the HTTP status, and the reason in capitals with which its message starts. */
class IdentityError extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, message: string) {
    super(`Identity Platform answered ${status}: ${message}`);
    this.name = 'IdentityError';
    this.status = status;
    this.reason = /^\w*/.exec(message)?.[0] ?? '';
  }
}

/** Identity Platform stores custom claims as JSON text. */
const customClaims = z.preprocess(
  (text) => (typeof text === 'string' && text !== '' ? JSON.parse(text) : {}),
  z.record(z.string(), z.unknown()),
);
const account = z.object({ localId: z.string(), email: z.string().optional(), customAttributes: customClaims });
/** `users` is absent when the user does not exist. */
const lookupResponse = z.object({ users: z.array(account).optional() });
const updateResponse = z.object({ localId: z.string() });
const errorResponse = z.object({ error: z.object({ message: z.string() }) });

/**
 * Identity Platform by its REST API, `accounts:lookup` and `accounts:update`.
 * https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts
 */
export function createUserDirectory(settings: IdentitySettings): UserDirectory {
  const { projectId, clock, endpoint, timeout = TIMEOUT } = settings;
  const tokens = settings.tokens ?? (endpoint === undefined ? createOwnTokens() : EMULATOR_TOKENS);
  const origin = 'identitytoolkit.googleapis.com';
  const base = endpoint === undefined ? `https://${origin}` : `http://${endpoint}/${origin}`;

  const call = <S extends z.ZodType>(method: string, request: object, schema: S) =>
    withDeadline(timeout, (signal) =>
      retrying(
        async () => {
          const url = `${base}/v1/projects/${projectId}/accounts:${method}`;
          return schema.parse(await post(url, await tokens.current(), request, signal));
        },
        { attempts: ATTEMPTS, backoff: BACKOFF, retries: (error) => !signal.aborted && isTransient(error) },
      ),
    );

  return {
    async find(uid) {
      if (!isPossibleUid(uid)) return undefined;
      const response = await orAbsent(call('lookup', { localId: [uid] }, lookupResponse));
      const user = response?.users?.find(({ localId }) => localId === uid);
      return user && toUser(user);
    },
    async setClaims(uid, claims) {
      if (!isPossibleUid(uid)) return;
      const customAttributes = JSON.stringify(claims);
      if (customAttributes.length > MAX_CLAIMS_LENGTH) throw claimsTooLarge();
      await orAbsent(call('update', { localId: uid, customAttributes }, updateResponse));
    },
    async endSessions(uid) {
      if (!isPossibleUid(uid)) return;
      const validSince = String(Math.floor(clock.now() / 1000));
      await orAbsent(call('update', { localId: uid, validSince }, updateResponse));
    },
  };
}

async function post(url: string, token: Sensitive<string>, body: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token.reveal()}` },
    body: JSON.stringify(body),
    redirect: 'error',
    signal,
  });
  if (response.ok) return response.json();
  const failure = errorResponse.safeParse(await response.json().catch(() => undefined));
  throw new IdentityError(response.status, failure.data?.error.message ?? '');
}

/** The connection failed (fetch throws a TypeError), there were too many requests, or the server is overloaded. */
const isTransient = (error: unknown): boolean =>
  error instanceof IdentityError ? [429, 503, 504].includes(error.status) : error instanceof TypeError;

/** Returns undefined for a user who does not exist, and translates other errors. */
async function orAbsent<T>(response: Promise<T>): Promise<T | undefined> {
  try {
    return await response;
  } catch (error) {
    if (error instanceof IdentityError && error.reason === 'USER_NOT_FOUND') return undefined;
    if (error instanceof IdentityError && error.reason === 'CLAIMS_TOO_LARGE') throw claimsTooLarge(error);
    throw new Fault('dependency_unavailable', 'Identity Platform does not answer right now.', { cause: error });
  }
}

/** Rejects at the deadline, also while the library fetches a token. */
async function withDeadline<T>(milliseconds: number, operation: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(milliseconds);
  const expired = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${milliseconds} ms`)));
  });
  return await Promise.race([operation(signal), expired]);
}

const toUser = ({ localId, email, customAttributes }: z.output<typeof account>): User => ({
  uid: localId,
  email: email ?? null,
  claims: customAttributes,
});

const isPossibleUid = (uid: string) => uid.length > 0 && uid.length <= MAX_UID_LENGTH;

const claimsTooLarge = (cause?: unknown) =>
  new Fault('conflict', `A user's custom claims hold at most ${MAX_CLAIMS_LENGTH} characters.`, { cause });
