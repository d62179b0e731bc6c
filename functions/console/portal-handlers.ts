import { CONSOLE_PATH } from '#shared/contract/console.ts';
import * as contract from '#shared/contract/portal-sessions.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { createPortal } from './portal.ts';

/** @param origin where the console is served */
export const portalRoutes = (portal: ReturnType<typeof createPortal>, origin: string): BoundRoute[] => [
  bind(contract.createPortalSession, async ({ body }) => {
    const { token, expiresAt } = await portal.createLink(body.license_id);
    const url = `${origin}${CONSOLE_PATH}/portal#${token}`;
    return { status: 201, body: { url, expires_at: formatTime(expiresAt) } };
  }),

  bind(contract.exchangePortalSession, async ({ body }) => {
    const { token, expiresAt, license } = await portal.open(body.token);
    const { id, label, tier, status, max_seats, expires_at } = license;
    return {
      status: 200,
      body: {
        access_token: token,
        token_type: 'Bearer',
        expires_at: formatTime(expiresAt),
        license: {
          ...{ license_id: id, label, tier, status, max_seats },
          expires_at: expires_at === null ? null : formatTime(expires_at),
        },
      },
    };
  }),
];
