import { Fault } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import { isShrinking, type License } from '#shared/model/license.ts';
import { type Session, type SessionFields, shardOf } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { claim, handOver, type NewSession, renew, takeOver } from '#shared/seats/commits.ts';
import { firstProgram } from '#shared/seats/programs.ts';
import type { Document, Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { ineligibility, licenseNotFound } from './eligibility.ts';
import { type Lease, leaseEnds } from './lease.ts';
import type { HolderRecord, SeatSnapshot } from './snapshot.ts';

/** Ends the request with a fault; nothing is written. */
export interface Refuse {
  readonly kind: 'refuse';
  readonly request: AttemptedRequest;
  readonly fault: Fault;
}

/** Prolongs the session that the machine has: one write, which does not depend on those of other requests. */
export interface Renew {
  readonly kind: 'renew';
  readonly request: AttemptedRequest;
  readonly key: KeyRecord;
  readonly lease: Lease;
  /** An earlier attempt of this very request created the session. */
  readonly created: boolean;
  readonly write: Write;
}

/** Creates a session: several writes, applied together with those of the group's other claims. */
export interface Claim {
  readonly kind: 'claim';
  readonly request: AttemptedRequest;
  readonly key: KeyRecord;
  readonly lease: Lease;
  /** False when the machine had a session, which this one replaces. */
  readonly created: boolean;
  readonly writes: readonly Write[];
}

export type PlanStep = Refuse | Renew | Claim;

/** What an eligible request is decided by. */
interface Terms {
  readonly license: License;
  readonly key: KeyRecord;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where a new session's seat comes from: it is open, another machine's session expired, or the machine has it already. */
type SeatSource =
  | { readonly kind: 'open'; readonly seat: Document }
  | { readonly kind: 'expired'; readonly session: Session }
  | { readonly kind: 'own'; readonly session: Session };

/**
 * Decides a group of requests of one licence. Pure: reads nothing, and each request brings its random nonce.
 * @param requests of different machines
 * @param now milliseconds since the epoch
 * @returns a step for each request, in order. A request has none when the snapshot contradicts itself about its
 *   machine, because a session ended between two reads: it has to be attempted again.
 */
export function planGroup(snapshot: SeatSnapshot, requests: readonly AttemptedRequest[], now: number): PlanStep[] {
  const { license, keys, holders, rekeyed } = snapshot;
  if (license === undefined) return requests.map((request) => refuse(request, licenseNotFound()));
  const sources = seatSources(snapshot, license, requests).values();
  let used = snapshot.used;
  return requests.flatMap((request): PlanStep[] => {
    const key = keys.get(request.keyHash);
    const fault = ineligibility(key, license, now);
    if (key === undefined || fault !== undefined) return [refuse(request, fault ?? licenseNotFound())];
    const terms = { license, key, now };
    const holder = holders.get(request.holderId);
    if (holder !== undefined) {
      const renewal = planRenewal(request, holder, terms, snapshot.used);
      if (renewal !== undefined) return [renewal];
      const session = rekeyed.get(holder.session);
      return session ? [planClaim(request, { kind: 'own', session }, terms, snapshot.used)] : [];
    }
    const source = sources.next().value;
    if (source === undefined) return [refuse(request, noSeatsAvailable(license, used))];
    if (source.kind === 'open') used += 1;
    return [planClaim(request, source, terms, used)];
  });
}

/** Open seats first, then expired sessions of machines outside this group; each seat once. */
function seatSources(
  { open, expired, rekeyed }: SeatSnapshot,
  license: License,
  requests: readonly AttemptedRequest[],
): SeatSource[] {
  if (isShrinking(license)) return [];
  // The reads are not of one moment: the seat of a rekeyed or an expired session may be among the open ones, too.
  const kept = new Set([...rekeyed.values()].map(({ seat }) => seat));
  const free = open.filter(({ id }) => !kept.has(id));
  const named = new Set([...kept, ...open.map(({ id }) => id)]);
  const machines = new Set(requests.map(({ holderId }) => holderId));
  const others = expired.filter(({ holder, seat }) => !machines.has(holder) && !named.has(seat));
  return [
    ...free.map((seat): SeatSource => ({ kind: 'open', seat })),
    ...others.map((session): SeatSource => ({ kind: 'expired', session })),
  ];
}

const refuse = (request: AttemptedRequest, fault: Fault): Refuse => ({ kind: 'refuse', request, fault });

/**
 * The count was read at another moment than the seats, of which none is open any more; those of a licence that shrinks may
 * be open and are given to nobody.
 */
function noSeatsAvailable(license: License, used: number): Fault {
  return new Fault('no_seats_available', 'Release a seat, or wait until a lease expires.', {
    extra: { seats_used: isShrinking(license) ? used : Math.max(used, license.seats), seats_total: license.max_seats },
  });
}

/** A machine that has a session keeps it: same seat, same id, a longer lease. Undefined when its licence key changed. */
function planRenewal(
  request: AttemptedRequest,
  holder: HolderRecord,
  { license, key, now }: Terms,
  used: number,
): Renew | undefined {
  const name = deriveSessionName(request.key, holder.nonce);
  if (name.handle !== holder.session) return undefined;
  const { expiresAt, copyUntil } = leaseEnds(license, now);
  const programs = request.program === undefined ? [] : [request.program];
  return {
    kind: 'renew',
    request,
    key,
    lease: { license, sessionId: name.sessionId, expiresAt, copyUntil, seatsUsed: used },
    created: request.earlierNonces.includes(holder.nonce),
    write: renew(name.handle, { now, expiresAt, copyUntil, programs, details: { ...request.client } }),
  };
}

function planClaim(request: AttemptedRequest, source: SeatSource, terms: Terms, used: number): Claim {
  const seat = source.kind === 'open' ? source.seat.id : source.session.seat;
  const { license, key, now } = terms;
  const name = deriveSessionName(request.key, request.nonce);
  const { expiresAt, copyUntil } = leaseEnds(license, now);
  // What the machine was promised and what was signed for it before holds on, also when leases have become shorter since.
  const held = source.kind === 'own' ? source.session : { expires_at: 0, copy_until: 0 };
  const ends = {
    expires_at: Math.max(expiresAt, held.expires_at),
    copy_until: Math.max(copyUntil, held.copy_until),
  };
  const fields = { ...newSession(request, terms, seat), ...ends, shard: shardOf(name.handle) };
  return {
    kind: 'claim',
    request,
    key,
    lease: { license, sessionId: name.sessionId, expiresAt, copyUntil, seatsUsed: used },
    created: source.kind !== 'own' || source.session.lingering,
    writes: claimWrites(source, { name, fields }, now),
  };
}

function claimWrites(source: SeatSource, session: NewSession, now: number): Write[] {
  switch (source.kind) {
    case 'open':
      return claim(session, source.seat);
    case 'expired':
      return takeOver(session, source.session, now);
    case 'own':
      return handOver(session, source.session, now);
    default:
      return source satisfies never;
  }
}

function newSession(
  request: AttemptedRequest,
  { license, key, now }: Terms,
  seat: string,
): Omit<SessionFields, 'expires_at' | 'copy_until' | 'shard'> {
  return {
    ...request.client,
    license_id: license.id,
    tenant_id: license.tenant_id,
    seat,
    holder: request.holderId,
    key: key.id,
    acquired_at: now,
    last_heartbeat: now,
    lingering: false,
    programs: firstProgram(request.program, now),
  };
}
