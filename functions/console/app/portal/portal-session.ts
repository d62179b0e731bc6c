import { signal } from '@preact/signals';
import type * as z from 'zod';
import type { portalAccess } from '#shared/contract/portal-sessions.ts';
import { RequestError } from '../api/request-error.ts';
import { send } from '../api/send.ts';
import { takeTokensFrom } from '../session/bearer.ts';
import { inPortal } from '../session/place.ts';

type Access = z.output<typeof portalAccess>;

export type PortalLicense = Access['license'];

/** The hour of the link is over: the page can do nothing more. */
export const ended = signal(false);

/** From the fragment, which is taken out of the address at once: it works one time. */
const link = location.hash.slice(1);

/**
 * Exchanges the link's token for the portal's, which is kept in memory alone.
 * @returns the licence that the link is for
 * @throws RequestError 401 when the link was used before, or is too old
 */
export async function exchange(): Promise<PortalLicense> {
  history.replaceState(null, '', location.pathname);
  const sent = await send('/api/v1/portal-sessions/exchange', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: decodeURIComponent(link) || '-' }),
  });
  const { access_token, license } = sent.body as Access;
  inPortal.value = true;
  takeTokensFrom((refused) => {
    if (refused !== access_token) return access_token;
    ended.value = true;
    throw new RequestError({ status: 401, code: 'unauthenticated' });
  });
  return license;
}
