import * as contract from '#shared/contract/seats.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { LocalLimit } from '#shared/limits/local-limit.ts';
import { rateLimited, rateLimitHeaders } from '#shared/limits/rate-limit-status.ts';
import { Fault } from '#shared/model/errors.ts';
import { parseLicenseKey } from '#shared/model/license-key.ts';
import { holderId } from '#shared/model/session-id.ts';
import { formatTime } from '#shared/model/time.ts';
import type { Acquire } from './acquire.ts';
import type { Beat } from './heartbeat.ts';
import type { createIssue, Issued } from './issue.ts';
import type { Release } from './release.ts';

export interface SeatsDomain {
  readonly acquire: Acquire<Issued>;
  readonly heartbeat: (sessionId: string) => Promise<Beat>;
  readonly release: Release;
  readonly issue: ReturnType<typeof createIssue>;
  /** Acquires an hour of one machine. */
  readonly machines: LocalLimit;
}

/** A client that beats this many times a lease can miss two beats and keep its seat. */
const BEATS_PER_LEASE = 3;

export const seatsRoutes = (domain: SeatsDomain): BoundRoute[] => [
  bind(contract.acquire, async ({ body, signal, log, setHeaders }) => {
    const key = parseLicenseKey(body.license_key);
    if (key === undefined) throw new Fault('license_not_found', 'There is no licence with this key.');
    const machine = holderId(key.licenseId, body.hardware_id);
    const allowance = domain.machines.take(machine);
    setHeaders(rateLimitHeaders(allowance));
    if (!allowance.allowed) throw rateLimited(allowance);
    const userEmail = body.user_email ?? null;
    const holder = { key, hardwareId: body.hardware_id, userEmail };
    const { grant, created, issued } = await domain.acquire({
      key,
      holder: machine,
      details: {
        user_email: userEmail,
        hostname: body.hostname ?? null,
        platform: body.platform ?? null,
        client_version: body.client_version ?? null,
      },
      signal,
      issue: (grant) => domain.issue(grant, holder, body.token_format, log),
      attempts: new Set(),
    });
    const { license, sessionId, expiresAt, seatsUsed } = grant;
    return {
      status: created ? 201 : 200,
      body: {
        session_id: sessionId,
        expires_at: formatTime(expiresAt),
        heartbeat_interval_seconds: Math.max(1, Math.floor(license.lease_seconds / BEATS_PER_LEASE)),
        seats_used: seatsUsed,
        seats_total: license.max_seats,
        ...(await issued),
      },
    };
  }),

  bind(contract.heartbeat, async ({ body }) => {
    const { lastHeartbeat, expiresAt } = await domain.heartbeat(body.session_id);
    return {
      status: 200,
      body: {
        session_id: body.session_id,
        last_heartbeat: formatTime(lastHeartbeat),
        expires_at: formatTime(expiresAt),
      },
    };
  }),

  bind(contract.release, async ({ body }) => {
    const { releasedAt, seatsUsed } = await domain.release(body.session_id);
    return {
      status: 200,
      body: { session_id: body.session_id, released_at: formatTime(releasedAt), seats_used: seatsUsed },
    };
  }),
];
