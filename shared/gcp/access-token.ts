import { IAMCredentialsClient } from '@google-cloud/iam-credentials';
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
const LIFETIME_SECONDS = 3600;
/** Milliseconds before its end at which a token is no longer used. */
const MARGIN = 300_000;

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
        scope: ['https://www.googleapis.com/auth/cloud-platform'],
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
