import * as z from 'zod';
import type { Account } from './accounts.ts';
import { IdentityError } from './identity-error.ts';

/** Parses a request's body. @throws IdentityError `INVALID_ARGUMENT` */
export function parse<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  try {
    return schema.parse(JSON.parse(body === '' ? '{}' : body));
  } catch {
    throw new IdentityError(400, 'INVALID_ARGUMENT');
  }
}

/** An account as `lookup` and `batchGet` describe it (`UserInfo` in Google's reference). */
export const describe = (account: Account) => ({
  localId: account.localId,
  email: account.email,
  emailVerified: account.emailVerified,
  customAttributes: account.customAttributes,
  validSince: String(account.validSince),
  disabled: account.disabled,
  providerUserInfo: account.password === undefined ? [] : [{ providerId: 'password', email: account.email }],
  ...(account.factors.length === 0 ? {} : { mfaInfo: mfaInfo(account) }),
});

export const mfaInfo = ({ factors }: Account) =>
  factors.map(({ mfaEnrollmentId, displayName, enrolledAt }) => ({
    mfaEnrollmentId,
    ...(displayName === undefined ? {} : { displayName }),
    enrolledAt: new Date(enrolledAt).toISOString(),
    totpInfo: {},
  }));

/** The kinds of codes that are sent by mail. */
export const oobRequest = z.object({
  requestType: z.enum(['VERIFY_EMAIL', 'PASSWORD_RESET']),
  email: z.string().optional(),
  idToken: z.string().optional(),
  returnOobLink: z.boolean().optional(),
});

export interface OobCode {
  readonly requestType: 'VERIFY_EMAIL' | 'PASSWORD_RESET';
  readonly email: string;
  readonly localId: string;
}
