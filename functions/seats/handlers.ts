import type { IncomingHttpHeaders } from 'node:http';
import type * as z from 'zod';
import * as queueContract from '#shared/contract/queue.ts';
import * as contract from '#shared/contract/seats.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { ResolveKey } from '#shared/imported-keys/resolve-key.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import { borrowCap } from '#shared/model/license.ts';
import type { Logger } from '#shared/model/logger.ts';
import { machineId } from '#shared/model/session-id.ts';
import type { TokenFormat } from '#shared/signing/sign-claims.ts';
import type { Acquire } from './acquire.ts';
import type { AcquireRequest } from './acquire-request.ts';
import type { Queued } from './attempt.ts';
import { licenseNotFound } from './eligibility.ts';
import type { Heartbeat } from './heartbeat.ts';
import type { Lease } from './lease.ts';
import type { LeaveQueue } from './leave-queue.ts';
import type { CheckRefresh, Refreshable } from './refresh.ts';
import type { Release } from './release.ts';
import type { SignInOf } from './sign-in.ts';
import type { SignedLicense, SignLicense } from './sign-license.ts';
import type { MeanBetweenEnds } from './wait-estimate.ts';

export interface SeatsDomain {
  readonly resolveKey: ResolveKey;
  readonly acquire: Acquire;
  readonly signInOf: SignInOf;
  readonly heartbeat: Heartbeat;
  readonly checkRefresh: CheckRefresh;
  readonly sign: SignLicense;
  readonly release: Release;
  readonly leaveQueue: LeaveQueue;
  readonly meanBetweenEnds: MeanBetweenEnds;
}

/** A client that sends this many heartbeats a lease can miss two of them and keep its seat. */
const HEARTBEATS_PER_LEASE = 3;

export const seatsRoutes = (domain: SeatsDomain): BoundRoute[] => [
  bind(contract.acquire, (input) =>
    acquireSeat(domain, input, { takeOver: input.body.take_over, replace: input.body.replace }),
  ),

  bind(contract.borrow, (input) => acquireSeat(domain, input, { borrow: { seconds: input.body.borrow_seconds } })),

  bind(contract.heartbeat, async ({ body, log }) => {
    const { session_id: sessionId, refresh } = body;
    const prolonged = domain.heartbeat(sessionId, { program: body.program, signs: refresh !== undefined });
    const [{ lastHeartbeat, expiresAt, leaseSeconds, copyUntil }, checked] =
      refresh === undefined
        ? [await prolonged, undefined]
        : await Promise.all([prolonged, checkRefresh(domain, sessionId, refresh).catch(toRefreshError)]);
    return {
      status: 200,
      body: {
        session_id: body.session_id,
        last_heartbeat: formatTime(lastHeartbeat),
        expires_at: formatTime(expiresAt),
        next_heartbeat_seconds: heartbeatInterval(leaseSeconds),
        ...(refresh &&
          checked &&
          (await signAgain(domain, { sessionId, expiresAt, copyUntil, refresh, checked, log }))),
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

  bind(queueContract.leaveQueue, async ({ body }) => {
    const leftAt = await domain.leaveQueue(body.ticket_id);
    return { status: 200, body: { ticket_id: body.ticket_id, left_at: formatTime(leftAt) } };
  }),
];

async function describePlace({ meanBetweenEnds }: SeatsDomain, { licenseId, place }: Queued) {
  const mean = await meanBetweenEnds(licenseId);
  return {
    ticket_id: place.ticketId,
    position: place.position,
    position_exact: place.isExact,
    queue_length: place.queueLength,
    poll_after_seconds: place.pollAfterSeconds,
    wait_until: formatTime(place.waitUntil),
    ...(mean === undefined ? {} : { estimated_wait_seconds: Math.ceil(place.position * mean) }),
  };
}

interface SeatInput {
  readonly body: Omit<z.output<NonNullable<typeof contract.acquire.body>>, 'take_over' | 'replace'>;
  readonly headers: IncomingHttpHeaders;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

async function acquireSeat(
  domain: SeatsDomain,
  { body, headers, signal, log }: SeatInput,
  wanted: Pick<AcquireRequest, 'borrow' | 'takeOver' | 'replace'>,
) {
  const presented = await domain.resolveKey(body.license_key);
  if (presented === undefined) throw licenseNotFound();
  const { key, hash: keyHash } = presented;
  const outcome = await domain.acquire({
    ...wanted,
    key,
    keyHash,
    hardwareId: body.hardware_id,
    machine: machineId(key.licenseId, body.hardware_id),
    client: {
      user_email: body.user_email ?? null,
      hostname: body.hostname ?? null,
      platform: body.platform ?? null,
      client_version: body.client_version ?? null,
    },
    program: body.program,
    processId: body.process_id,
    queue: body.queue && { maxWaitSeconds: body.queue.max_wait_seconds },
    signIn: domain.signInOf(headers['authorization']),
    tokenFormat: body.token_format,
    clientNonce: body.nonce,
    signal,
    log,
  });
  if (outcome.kind === 'queued') return { status: 202, body: await describePlace(domain, outcome) };
  const { lease, created, signed } = outcome;
  return { status: created ? 201 : 200, body: { ...describeLease(lease), ...(await signed) } };
}

const describeLease = ({ license, sessionId, expiresAt, seatsUsed, borrowed }: Lease) => ({
  session_id: sessionId,
  expires_at: formatTime(expiresAt),
  heartbeat_interval_seconds: heartbeatInterval(license.lease_seconds),
  seats_used: seatsUsed,
  seats_total: license.max_seats,
  ...(borrowed === undefined ? {} : { borrowed_until: formatTime(borrowed.until) }),
  ...(borrowed?.seats === undefined ? {} : { seats_borrowed: borrowed.seats, borrow_max_seats: borrowCap(license) }),
});

const heartbeatInterval = (leaseSeconds: number) => Math.max(1, Math.floor(leaseSeconds / HEARTBEATS_PER_LEASE));

interface Refresh {
  readonly license_key: string;
  readonly hardware_id: string;
  readonly nonce?: string | undefined;
  readonly token_format: TokenFormat;
}

type RefreshableByKey = Refreshable & { readonly key: LicenseKey };

async function checkRefresh(domain: SeatsDomain, sessionId: string, refresh: Refresh): Promise<RefreshableByKey> {
  const presented = await domain.resolveKey(refresh.license_key);
  if (presented === undefined) throw new Fault('forbidden', 'Session, machine and licence key do not belong together.');
  const { key, hash: keyHash } = presented;
  return { ...(await domain.checkRefresh({ sessionId, key, keyHash, hardwareId: refresh.hardware_id })), key };
}

/** In place of a licence that cannot be had now. */
interface RefreshError {
  readonly refresh_error: string;
}

interface SignAgain {
  readonly sessionId: string;
  readonly expiresAt: number;
  readonly copyUntil: number;
  readonly refresh: Refresh;
  readonly checked: RefreshableByKey | RefreshError;
  readonly log: Logger;
}

/** The lease is prolonged already, so a licence that cannot be had is told beside it and fails nothing. */
async function signAgain(
  domain: SeatsDomain,
  { sessionId, expiresAt, copyUntil, refresh, checked, log }: SignAgain,
): Promise<SignedLicense | RefreshError> {
  if ('refresh_error' in checked) return checked;
  const { license, userEmail, key, borrowedUntil } = checked;
  const subject = {
    key,
    hardwareId: refresh.hardware_id,
    client: { user_email: userEmail },
    tokenFormat: refresh.token_format,
    clientNonce: refresh.nonce,
    log,
  };
  const borrowed = borrowedUntil === undefined ? undefined : { until: borrowedUntil };
  const lease = { license, sessionId, expiresAt, copyUntil, seatsUsed: 0, borrowed };
  return domain.sign(lease, subject).catch(toRefreshError);
}

/** @throws Fault `forbidden` for who does not bring session, machine and key together; what is no fault */
function toRefreshError(error: unknown): RefreshError {
  if (!isFault(error) || error.code === 'forbidden') throw error;
  return { refresh_error: error.code };
}
