import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import type { Clock } from '../model/clock.ts';
import { Sensitive } from '../model/sensitive.ts';
import { leanGax } from './gax.ts';
import { sendOnce } from './grpc.ts';
import { retrying } from './retry.ts';

/** Access tokens of one account, for APIs that are called without a client library. */
export interface AccessTokens {
  current(): Promise<Sensitive<string>>;
  close(): Promise<void>;
}

const TIMEOUT = 5_000;
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
const LIFETIME_SECONDS = 3600;
/** Milliseconds before its expiry after which a token is no longer used. */
const MARGIN = 300_000;

/**
 * Tokens of another service account, by IAM's GenerateAccessToken. The calling account needs
 * `iam.serviceAccounts.getAccessToken` on that account only. A token is cached until shortly before it expires.
 * @param email of the account to impersonate
 */
export function createImpersonation(
  email: string,
  clock: Clock,
  client: Pick<IAMCredentialsClient, 'generateAccessToken' | 'close'> = new IAMCredentialsClient({}, leanGax),
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
      const [response] = await retrying(() => client.generateAccessToken(request, sendOnce(TIMEOUT)));
      const token = new Sensitive(response.accessToken ?? '');
      held = { token, until: Number(response.expireTime?.seconds ?? 0) * 1000 - MARGIN };
      return token;
    },
    close: () => client.close(),
  };
}
