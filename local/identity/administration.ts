import * as z from 'zod';
import type { Accounts } from './accounts.ts';
import { IdentityError } from './identity-error.ts';
import type { Mail } from './mail.ts';
import { describe, oobRequest, parse } from './messages.ts';

const PAGE = 1000;

const lookupRequest = z.object({ localId: z.array(z.string()).optional(), email: z.array(z.string()).optional() });
const createRequest = z.object({
  localId: z.string().optional(),
  email: z.email(),
  emailVerified: z.boolean().optional(),
  password: z.string().optional(),
});
const updateRequest = z.object({
  localId: z.string(),
  customAttributes: z.string().max(1000).optional(),
  validSince: z.coerce.number().int().optional(),
  emailVerified: z.boolean().optional(),
  password: z.string().optional(),
  disableUser: z.boolean().optional(),
  /** Keeps the factors that are named; a TOTP factor cannot be added here, since no request carries its secret. */
  mfa: z.object({ enrollments: z.array(z.object({ mfaEnrollmentId: z.string() })).default([]) }).optional(),
});
const deleteRequest = z.object({ localId: z.string() });

export interface AdministrationOptions {
  readonly accounts: Accounts;
  readonly mail: Mail;
  readonly apiKey: string;
}

/** Methods on a project's accounts, for whoever has the right: the permission that each requires, and what it does. */
export function createAdministration({ accounts, mail, apiKey }: AdministrationOptions) {
  const methods: Readonly<
    Record<string, readonly [permission: string, act: (body: string, search: string) => object]>
  > = {
    'POST accounts': ['firebaseauth.users.create', create],
    'POST accounts:lookup': ['firebaseauth.users.get', lookUp],
    'POST accounts:update': ['firebaseauth.users.update', update],
    'POST accounts:delete': ['firebaseauth.users.delete', remove],
    'POST accounts:sendOobCode': ['firebaseauth.users.sendEmail', sendCode],
    'GET accounts:batchGet': ['firebaseauth.users.get', (_body, search) => list(new URLSearchParams(search))],
    'GET config': ['firebaseauth.configs.get', () => ({ client: { apiKey } })],
  };

  function create(body: string): object {
    const { localId, email, emailVerified = false, password } = parse(createRequest, body);
    const account = accounts.add(localId, email, { emailVerified, ...(password === undefined ? {} : { password }) });
    return { kind: 'identitytoolkit#SignupNewUserResponse', localId: account.localId, email: account.email };
  }

  /** When no user is found the response has no member `users`. */
  function lookUp(body: string): object {
    const { localId = [], email = [] } = parse(lookupRequest, body);
    const emails = email.map((one) => one.toLowerCase());
    const users = accounts.all().filter((user) => localId.includes(user.localId) || emails.includes(user.email));
    return {
      kind: 'identitytoolkit#GetAccountInfoResponse',
      ...(users.length === 0 ? {} : { users: users.map(describe) }),
    };
  }

  function update(body: string): object {
    const { localId, customAttributes, validSince, emailVerified, password, disableUser, mfa } = parse(
      updateRequest,
      body,
    );
    const account = found(localId);
    if (customAttributes !== undefined) account.customAttributes = checkedClaims(customAttributes);
    if (password !== undefined) {
      accounts.setPassword(account, password);
      accounts.revoke(account, account.validSince);
    }
    if (validSince !== undefined) accounts.revoke(account, validSince);
    account.emailVerified = emailVerified ?? account.emailVerified;
    account.disabled = disableUser ?? account.disabled;
    if (mfa !== undefined) {
      const kept = new Set(mfa.enrollments.map(({ mfaEnrollmentId }) => mfaEnrollmentId));
      account.factors = account.factors.filter(({ mfaEnrollmentId }) => kept.has(mfaEnrollmentId));
    }
    return { kind: 'identitytoolkit#SetAccountInfoResponse', localId };
  }

  function remove(body: string): object {
    accounts.remove(found(parse(deleteRequest, body).localId));
    return { kind: 'identitytoolkit#DeleteAccountResponse' };
  }

  function sendCode(body: string): object {
    const { requestType, email = '', returnOobLink = false } = parse(oobRequest, body);
    const account = accounts.findByEmail(email);
    if (account === undefined) throw new IdentityError(400, 'EMAIL_NOT_FOUND');
    const { oobCode, oobLink } = mail.send({ requestType, email: account.email, localId: account.localId });
    return {
      kind: 'identitytoolkit#GetOobConfirmationCodeResponse',
      email: account.email,
      ...(returnOobLink ? { oobCode, oobLink } : {}),
    };
  }

  function list(search: URLSearchParams): object {
    const size = Math.min(PAGE, Number(search.get('maxResults') ?? PAGE));
    const after = search.get('nextPageToken') ?? '';
    const rest = accounts
      .all()
      .filter(({ localId }) => localId > after)
      .sort((a, b) => (a.localId < b.localId ? -1 : 1));
    const page = rest.slice(0, size);
    const last = page.at(-1);
    return {
      kind: 'identitytoolkit#DownloadAccountResponse',
      users: page.map(describe),
      ...(rest.length > page.length && last !== undefined ? { nextPageToken: last.localId } : {}),
    };
  }

  function found(localId: string) {
    const account = accounts.find(localId);
    if (account === undefined) throw new IdentityError(400, 'USER_NOT_FOUND');
    return account;
  }

  return (name: string) => methods[name];
}

function checkedClaims(json: string): string {
  try {
    z.record(z.string(), z.unknown()).parse(JSON.parse(json));
    return json;
  } catch {
    throw new IdentityError(400, 'INVALID_CLAIMS');
  }
}
