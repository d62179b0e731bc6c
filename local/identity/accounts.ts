import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { IdentityError } from './identity-error.ts';

/** A TOTP factor that is enrolled. */
export interface Factor {
  readonly mfaEnrollmentId: string;
  readonly displayName: string | undefined;
  /** In base32. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly enrolledAt: number;
}

/** An account of Identity Platform, with the fields that this stand-in supports. */
export interface Account {
  readonly localId: string;
  readonly email: string;
  emailVerified: boolean;
  /** Undefined for an account that has none. */
  password: string | undefined;
  disabled: boolean;
  factors: readonly Factor[];
  /** Custom claims, as the JSON text in which they are kept. */
  customAttributes: string;
  /** Signed in by the tests alone, it counts as signed in with a second factor. */
  readonly secondFactor: boolean;
  /** Seconds since the epoch before which sign-ins no longer count. */
  validSince: number;
}

export interface AccountOptions {
  readonly claims?: object;
  readonly secondFactor?: boolean;
  readonly emailVerified?: boolean;
  readonly password?: string;
}

/** Who is signed in, and how. */
export interface SignIn {
  readonly account: Account;
  readonly secondFactor: boolean;
  /** Seconds since the epoch. */
  readonly authTime: number;
}

/** The accounts of one project, and who is signed in. */
export interface Accounts {
  /** @throws IdentityError `EMAIL_EXISTS`, `WEAK_PASSWORD` */
  add(uid: string | undefined, email: string, options?: AccountOptions): Account;
  find(uid: string): Account | undefined;
  findByEmail(email: string): Account | undefined;
  all(): readonly Account[];
  remove(account: Account): void;
  /** @throws IdentityError `WEAK_PASSWORD` */
  setPassword(account: Account, password: string): void;
  /** @returns a refresh token, valid until the account's sessions are ended */
  signIn(signIn: SignIn): string;
  /** @returns the sign-in of a refresh token, undefined when its sessions were ended */
  refresh(token: string): SignIn | undefined;
  /** Ends all current sessions of the account. */
  revoke(account: Account, validSince: number): void;
}

const MIN_PASSWORD = 6;

export function createAccounts(): Accounts {
  const accounts = new Map<string, Account>();
  const sessions = new Map<string, SignIn>();
  const findByEmail = (email: string) =>
    [...accounts.values()].find((account) => account.email === email.trim().toLowerCase());

  function setPassword(account: Account, password: string): void {
    if (password.length < MIN_PASSWORD) {
      throw new IdentityError(400, 'WEAK_PASSWORD : Password should be at least 6 characters');
    }
    account.password = hashPassword(password);
  }

  function revoke(account: Account, validSince: number): void {
    account.validSince = validSince;
    for (const [token, { account: owner }] of sessions) if (owner === account) sessions.delete(token);
  }

  return {
    add(uid = randomBytes(14).toString('base64url'), email, options = {}) {
      if (findByEmail(email) !== undefined) throw new IdentityError(400, 'EMAIL_EXISTS');
      const { claims = {}, secondFactor = false, emailVerified = true, password } = options;
      const account: Account = {
        localId: uid,
        email: email.trim().toLowerCase(),
        emailVerified,
        password: undefined,
        disabled: false,
        factors: [],
        customAttributes: JSON.stringify(claims),
        secondFactor,
        validSince: 0,
      };
      if (password !== undefined) setPassword(account, password);
      accounts.set(uid, account);
      return account;
    },
    find: (uid) => accounts.get(uid),
    findByEmail,
    all: () => [...accounts.values()],
    remove(account) {
      revoke(account, 0);
      accounts.delete(account.localId);
    },
    setPassword,
    signIn(signIn) {
      const token = randomBytes(24).toString('base64url');
      sessions.set(token, signIn);
      return token;
    },
    refresh: (token) => sessions.get(token),
    revoke,
  };
}

/** Cheap, for a stand-in whose passwords live as long as its process. */
const COST = { N: 16, r: 1, p: 1 };

function hashPassword(password: string): string {
  const salt = randomBytes(8);
  return `${salt.toString('hex')}.${scryptSync(password, salt, 16, COST).toString('hex')}`;
}

export function isPassword({ password }: Account, candidate: string): boolean {
  const [salt, hash] = (password ?? '').split('.');
  if (salt === undefined || hash === undefined) return false;
  return timingSafeEqual(scryptSync(candidate, Buffer.from(salt, 'hex'), 16, COST), Buffer.from(hash, 'hex'));
}
