import * as z from 'zod';
import type { Account, Accounts } from './accounts.ts';
import { IdentityError } from './identity-error.ts';
import { parse } from './messages.ts';
import { createOneTime } from './one-time.ts';

const authUriRequest = z.object({
  providerId: z.enum(['google.com', 'github.com']),
  continueUri: z.url(),
  sessionId: z.string().optional(),
});
const signInRequest = z.object({ requestUri: z.url(), sessionId: z.string() });

/** Google's own figure is not published; the console gives a person ten minutes. */
const PENDING_MS = 10 * 60_000;

/** A sign-in that waits for the person at the provider's page. */
export interface ProviderVisit {
  readonly providerId: string;
  readonly continueUri: string;
  readonly sessionId: string;
}

/** Google and GitHub, as far as Identity Platform's sign-in needs them: a page where a person says who it is. */
export interface Providers {
  readonly createAuthUri: (body: string) => object;
  /** @returns who has come back, and by which provider; each answer of a provider counts once */
  takeArrival(body: string): { readonly account: Account; readonly providerId: string };
  visit(state: string): ProviderVisit | undefined;
  /** @returns where the provider sends the person */
  arrive(state: string, account: Account): string | undefined;
}

/** @param page where the stand-in for a provider asks who the person is */
export function createProviders(accounts: Accounts, page: () => string): Providers {
  const visits = createOneTime<ProviderVisit>(PENDING_MS);
  const codes = createOneTime<{ readonly localId: string; readonly state: string }>(PENDING_MS);

  return {
    createAuthUri(body) {
      const { providerId, continueUri, sessionId = 'chosen-by-the-stand-in' } = parse(authUriRequest, body);
      const state = visits.put({ providerId, continueUri, sessionId });
      const authUri = `${page()}?${new URLSearchParams({ state })}`;
      return { kind: 'identitytoolkit#CreateAuthUriResponse', authUri, providerId, sessionId };
    },
    takeArrival(body) {
      const { requestUri, sessionId } = parse(signInRequest, body);
      const query = new URL(requestUri).searchParams;
      const visit = visits.take(query.get('state') ?? '');
      const code = codes.take(query.get('code') ?? '');
      const account = accounts.find(code?.localId ?? '');
      if (visit === undefined || code?.state !== query.get('state') || account === undefined) {
        throw new IdentityError(400, 'INVALID_IDP_RESPONSE : the code is not valid');
      }
      if (visit.sessionId !== sessionId) throw new IdentityError(400, 'INVALID_SESSION_ID');
      return { account, providerId: visit.providerId };
    },
    visit: (state) => visits.peek(state),
    arrive(state, account) {
      const visit = visits.peek(state);
      if (visit === undefined) return undefined;
      const code = codes.put({ localId: account.localId, state });
      return `${visit.continueUri}?${new URLSearchParams({ state, code })}`;
    },
  };
}
