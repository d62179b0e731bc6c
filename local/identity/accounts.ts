import { randomBytes } from 'node:crypto';

/** An account of Identity Platform, with the fields that this stand-in supports. */
export interface Account {
  readonly localId: string;
  readonly email: string;
  /** Custom claims, as the JSON text in which they are kept. */
  customAttributes: string;
  /** It signs in with a TOTP code, too. */
  readonly secondFactor: boolean;
  /** Seconds since the epoch before which sign-ins no longer count. */
  validSince: number;
}

export interface AccountOptions {
  readonly claims?: object;
  readonly secondFactor?: boolean;
}

/** The accounts of one project, and who is signed in. */
export interface Accounts {
  add(uid: string, email: string, options?: AccountOptions): Account;
  find(uid: string): Account | undefined;
  all(): readonly Account[];
  /** Signs in. @returns a refresh token, valid until the account's sessions are ended */
  signIn(uid: string): string;
  /** @returns the account of a refresh token, undefined when its sessions were ended */
  refresh(token: string): Account | undefined;
  /** Ends all current sessions of the account. */
  revoke(account: Account, validSince: number): void;
}

export function createAccounts(): Accounts {
  const accounts = new Map<string, Account>();
  const sessions = new Map<string, Account>();
  return {
    add(uid, email, { claims = {}, secondFactor = false } = {}) {
      const account = { localId: uid, email, customAttributes: JSON.stringify(claims), secondFactor, validSince: 0 };
      accounts.set(uid, account);
      return account;
    },
    find: (uid) => accounts.get(uid),
    all: () => [...accounts.values()],
    signIn(uid) {
      const account = accounts.get(uid);
      if (account === undefined) throw new Error(`no user ${uid}`);
      const token = randomBytes(24).toString('base64url');
      sessions.set(token, account);
      return token;
    },
    refresh: (token) => sessions.get(token),
    revoke(account, validSince) {
      account.validSince = validSince;
      for (const [token, owner] of sessions) if (owner === account) sessions.delete(token);
    },
  };
}
