import { emailOf } from '#local/accounts.ts';
import type { Suite } from './suite.ts';

/** The path of an exchange, and what a back end sends for a link. */
export const PORTAL = '/api/v1/portal-sessions';

/** A link to the portal of a licence, as the vendor's back end asks for it. */
export async function createPortalLink({ stack, post }: Suite, licenseId: string): Promise<string> {
  const token = await stack.issuer.serviceToken({ email: emailOf(stack.project, 'backend-portal') });
  const { body } = await post(PORTAL, { license_id: licenseId, role: 'holder' }, token);
  return body.url;
}

/** @returns the token that the portal's page has after it was opened */
export async function openPortal(suite: Suite, licenseId: string): Promise<string> {
  const { hash } = new URL(await createPortalLink(suite, licenseId));
  const { body } = await suite.post(`${PORTAL}/exchange`, { token: hash.slice(1) });
  return body.access_token;
}
