import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import { GoogleAuth } from 'google-auth-library';
import type { Clock } from '../model/clock.ts';
import { Sensitive } from '../model/sensitive.ts';
import { sendOnce } from './grpc.ts';
import { retrying } from './retry.ts';

/** Access tokens of some account, for APIs that we speak to without a client library. */
export interface AccessTokens {
  current(): Promise<Sensitive<string>>;
  close(): Promise<void>;
}

const TIMEOUT = 5_000;
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
const LIFETIME_SECONDS = 3600;
/** Milliseconds before its end at which a token is no longer used. */
const MARGIN = 300_000;

/**
 * Tokens of the account that the function runs as, by Application Default Credentials. The library keeps a token and
 * renews it before its end.
 */
export function createOwnTokens(
  auth: Pick<GoogleAuth, 'getAccessToken'> = new GoogleAuth({ scopes: SCOPES }),
): Pick<AccessTokens, 'current'> {
  return {
    async current() {
      const token = await auth.getAccessToken();
      if (!token) throw new Error('the credentials of this account give no access token');
      return new Sensitive(token);
    },
  };
}

/**
 * Tokens of another service account, by IAM's GenerateAccessToken. Whoever calls needs
 * `iam.serviceAccounts.getAccessToken` on that account, and on no other. A token is kept until shortly before its end.
 * @param email of the account to act as
 */
export function createImpersonation(
  email: string,
  clock: Clock,
  client: Pick<IAMCredentialsClient, 'generateAccessToken' | 'close'> = new IAMCredentialsClient(),
): AccessTokens {
  let held: { readonly token: Sensitive<string>; readonly until: number } | undefined;
  return {
    async current() {
      if (held !== undefined && clock.now() < held.until) return held.token;
      const request = {
        name: `projects/-/serviceAccounts/${email}`,
        scope: SCOPES,
        lifetime: { seconds: LIFETIME_SECONDS },
      };
      const [answer] = await retrying(() => client.generateAccessToken(request, sendOnce(TIMEOUT)));
      const token = new Sensitive(answer.accessToken ?? '');
      held = { token, until: Number(answer.expireTime?.seconds ?? 0) * 1000 - MARGIN };
      return token;
    },
    close: () => client.close(),
  };
}
