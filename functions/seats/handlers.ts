import * as contract from '#shared/contract/seats.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { parseLicenseKey } from '#shared/license-format/license-key.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { holderId } from '#shared/model/session-id.ts';
import type { Acquire } from './acquire.ts';
import { licenseNotFound } from './eligibility.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Release } from './release.ts';

export interface SeatsDomain {
  readonly acquire: Acquire;
  readonly heartbeat: Heartbeat;
  readonly release: Release;
}

/** A client that sends this many heartbeats a lease can miss two of them and keep its seat. */
const HEARTBEATS_PER_LEASE = 3;

export const seatsRoutes = (domain: SeatsDomain): BoundRoute[] => [
  bind(contract.acquire, async ({ body, signal, log }) => {
    const key = parseLicenseKey(body.license_key);
    if (key === undefined) throw licenseNotFound();
    const holder = holderId(key.licenseId, body.hardware_id);
    const { lease, created, signed } = await domain.acquire({
      key,
      hardwareId: body.hardware_id,
      holderId: holder,
      client: {
        user_email: body.user_email ?? null,
        hostname: body.hostname ?? null,
        platform: body.platform ?? null,
        client_version: body.client_version ?? null,
      },
      program: body.program,
      tokenFormat: body.token_format,
      signal,
      log,
    });
    const { license, sessionId, expiresAt, seatsUsed } = lease;
    return {
      status: created ? 201 : 200,
      body: {
        session_id: sessionId,
        expires_at: formatTime(expiresAt),
        heartbeat_interval_seconds: Math.max(1, Math.floor(license.lease_seconds / HEARTBEATS_PER_LEASE)),
        seats_used: seatsUsed,
        seats_total: license.max_seats,
        ...(await signed),
      },
    };
  }),

  bind(contract.heartbeat, async ({ body }) => {
    const { lastHeartbeat, expiresAt } = await domain.heartbeat(body.session_id, body.program);
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
    const { releasedAt, seatsUsed, stillHeld } = await domain.release(body.session_id, 'released', body.program);
    return {
      status: 200,
      body: {
        session_id: body.session_id,
        released_at: formatTime(releasedAt),
        seats_used: seatsUsed,
        ...(stillHeld ? { still_held: true } : {}),
      },
    };
  }),
];
