import * as z from 'zod';
import type { Account, Accounts } from './accounts.ts';
import { IdentityError } from './identity-error.ts';

const PAGE = 1000;

const lookupRequest = z.object({ localId: z.array(z.string()).optional(), email: z.array(z.string()).optional() });
const updateRequest = z.object({
  localId: z.string(),
  customAttributes: z.string().max(1000).optional(),
  validSince: z.coerce.number().int().optional(),
});

/** The permission that a method requires, and its implementation. */
export function methodOf(
  accounts: Accounts,
  verb: string | undefined,
  name: string,
  search: string | undefined,
  body: string,
): readonly [permission: string, act: () => object] {
  switch (`${verb} ${name}`) {
    case 'POST lookup':
      return ['firebaseauth.users.get', () => lookUp(accounts, body)];
    case 'POST update':
      return ['firebaseauth.users.update', () => update(accounts, body)];
    case 'GET batchGet':
      return ['firebaseauth.users.get', () => list(accounts, new URLSearchParams(search))];
    default:
      throw new IdentityError(404, 'NOT_FOUND');
  }
}

/** When no user is found the response has no member `users`. */
function lookUp(accounts: Accounts, body: string): object {
  const { localId = [], email = [] } = parse(lookupRequest, body);
  const users = accounts.all().filter((user) => localId.includes(user.localId) || email.includes(user.email));
  return {
    kind: 'identitytoolkit#GetAccountInfoResponse',
    ...(users.length === 0 ? {} : { users: users.map(describe) }),
  };
}

function update(accounts: Accounts, body: string): object {
  const { localId, customAttributes, validSince } = parse(updateRequest, body);
  const account = accounts.find(localId);
  if (account === undefined) throw new IdentityError(400, 'USER_NOT_FOUND');
  if (customAttributes !== undefined) account.customAttributes = checkedClaims(customAttributes);
  if (validSince !== undefined) accounts.revoke(account, validSince);
  return { kind: 'identitytoolkit#SetAccountInfoResponse', localId };
}

function list(accounts: Accounts, search: URLSearchParams): object {
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

const describe = ({ localId, email, customAttributes, validSince }: Account) => ({
  localId,
  email,
  emailVerified: true,
  customAttributes,
  validSince: String(validSince),
  disabled: false,
  providerUserInfo: [],
});

function checkedClaims(json: string): string {
  try {
    z.record(z.string(), z.unknown()).parse(JSON.parse(json));
    return json;
  } catch {
    throw new IdentityError(400, 'INVALID_CLAIMS');
  }
}

function parse<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(body));
  } catch {
    throw new IdentityError(400, 'INVALID_ARGUMENT');
  }
}
