import { randomUUID } from 'node:crypto';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { type Auth, getAuth } from 'firebase-admin/auth';
import { Fault } from '../model/errors.ts';
import type { UserDirectory } from '../store/users.ts';

export interface IdentitySettings {
  readonly projectId: string;
  /** host:port of a stand-in that speaks the Auth emulator's protocol; undefined for the service. */
  readonly endpoint?: string | undefined;
}

/** Milliseconds for one operation. The library itself waits 25 s for an answer and asks five times. */
const TIMEOUT = 8_000;

const EMULATOR_VARIABLE = 'FIREBASE_AUTH_EMULATOR_HOST';

/** Identity Platform through firebase-admin. Rights are taken from the account that the function runs as. */
export function createUserDirectory(settings: IdentitySettings): UserDirectory & { close(): Promise<void> } {
  // An app of its own: the library keeps them by name, and there may be several in one process.
  const app = initializeApp({ projectId: settings.projectId }, `identity-${randomUUID()}`);
  const auth = withEndpoint(settings.endpoint, () => getAuth(app));
  return {
    find: (uid) =>
      inTime(async () => {
        const user = await orAbsent(auth.getUser(uid));
        return user && { uid: user.uid, email: user.email ?? null, claims: user.customClaims ?? {} };
      }),
    setClaims: (uid, claims) => inTime(async () => void (await orAbsent(auth.setCustomUserClaims(uid, { ...claims })))),
    endSessions: (uid) => inTime(async () => void (await orAbsent(auth.revokeRefreshTokens(uid)))),
    close: () => deleteApp(app),
  };
}

/**
 * The library learns of a stand-in from the environment alone, at the moment at which its client is made. It must
 * not learn of one that the function's settings do not name: it would send to it without credentials.
 */
function withEndpoint(endpoint: string | undefined, make: () => Auth): Auth {
  const before = process.env[EMULATOR_VARIABLE];
  if (endpoint === undefined) delete process.env[EMULATOR_VARIABLE];
  else process.env[EMULATOR_VARIABLE] = endpoint;
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[EMULATOR_VARIABLE];
    else process.env[EMULATOR_VARIABLE] = before;
  }
}

/** A user who is not there, and an id that none can have, are an answer. */
async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'auth/user-not-found' || code === 'auth/invalid-uid') return undefined;
    throw error;
  }
}

async function inTime<T>(call: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT} ms`)), TIMEOUT);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (cause) {
    throw new Fault('dependency_unavailable', 'Identity Platform does not answer right now.', { cause });
  } finally {
    clearTimeout(timer);
  }
}
