import { actorOf } from '#shared/audit/actor.ts';
import { CONSOLE_PATH } from '#shared/contract/console.ts';
import * as contract from '#shared/contract/portal-sessions.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { createPortal, PortalLink } from './portal.ts';

export interface PortalHandlersOptions {
  readonly portal: ReturnType<typeof createPortal>;
  readonly runOnce: RunOnce;
  /** Where the console is served. */
  readonly origin: string;
}

export const portalRoutes = ({ portal, runOnce, origin }: PortalHandlersOptions): BoundRoute[] => [
  bind(contract.createPortalSession, (input) => {
    const respond = ({ token, expiresAt }: PortalLink) => ({
      status: 201,
      body: { url: `${origin}${CONSOLE_PATH}/portal#${token}`, expires_at: formatTime(expiresAt) },
    });
    return runOnce(input, contract.createPortalSession, respond, (once) =>
      portal.createLink(input.body.license_id, actorOf(input), once),
    );
  }),

  bind(contract.exchangePortalSession, async ({ body, clientIp, requestId }) => {
    const { token, expiresAt, license } = await portal.open(body.token, { clientIp, requestId });
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
