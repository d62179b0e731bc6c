import { Fault } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import { isShrinking, type License } from '#shared/model/license.ts';
import { expiredBefore, type Session, type SessionFields, shardOf } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { claim, handOver, type NewSession, noteNamedUser, renew, takeOver } from '#shared/seats/commits.ts';
import { firstProgram } from '#shared/seats/programs.ts';
import type { Document, Fields, Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { ineligibility, licenseNotFound } from './eligibility.ts';
import { sessionNotFound } from './ended-session.ts';
import { heldElsewhere } from './held-elsewhere.ts';
import { describeHolder, selfServiceOff } from './holders.ts';
import { type Lease, leaseEnds } from './lease.ts';
import { continues, type HolderRecord, type SeatSnapshot } from './snapshot.ts';
import { subjectOf } from './subject.ts';

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

/** The seat would be another holder's than was read: the request has to be resolved again. */
export interface Misread {
  readonly kind: 'misread';
  readonly request: AttemptedRequest;
}

export type PlanStep = Refuse | Renew | Claim | Misread;

/** What an eligible request is decided by. */
interface Terms {
  readonly license: License;
  readonly key: KeyRecord;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Where a new session's seat comes from. */
type SeatSource =
  | { readonly kind: 'open'; readonly seat: Document }
  /** Another holder's session, which has expired. */
  | { readonly kind: 'expired'; readonly session: Session }
  /** Another holder's session, which the request names. */
  | { readonly kind: 'replaced'; readonly session: Session }
  /** The holder has it already, with another key, from another machine, or because it is kept. */
  | { readonly kind: 'own'; readonly session: Session };

/**
 * Decides a group of requests of one licence. Pure: reads nothing, and each request brings its random nonce.
 * @param requests of different holders
 * @param now milliseconds since the epoch
 * @returns a step for each request, in order. A request has none when the snapshot contradicts itself about its
 *   holder, because a session ended between two reads, or when it concerns a session that another request of the group
 *   concerns: it has to be attempted again.
 */
export function planGroup(snapshot: SeatSnapshot, requests: readonly AttemptedRequest[], now: number): PlanStep[] {
  const { license, keys, people, named } = snapshot;
  if (license === undefined) return requests.map((request) => refuse(request, licenseNotFound()));
  const seats = seatSources(snapshot, license, requests);
  let used = snapshot.used;
  return requests.flatMap((request): PlanStep[] => {
    const key = keys.get(request.keyHash);
    const fault = ineligibility(key, license, now);
    if (key === undefined || fault !== undefined) return [refuse(request, fault ?? licenseNotFound())];
    const subject = subjectOf(request, { license, key, people });
    if (subject instanceof Fault) return [refuse(request, subject)];
    if (subject?.holderId !== request.holderId) return [{ kind: 'misread', request }];
    if (isNamed(license) && !named.has(request.holderId)) return [refuse(request, userNotNamed())];

    const terms = { license, key, now };
    const holder = snapshot.holders.get(request.holderId);
    if (holder !== undefined) return planOwn(request, holder, terms, snapshot);
    if (request.replace !== undefined) return planReplacement(request, request.replace, terms, snapshot, seats);
    const source = seats.next();
    if (source === undefined) return [refuse(request, noSeatsAvailable(license, used, holdersFor(request, snapshot)))];
    if (source.kind === 'open') used += 1;
    return [planClaim(request, source, terms, used)];
  });
}

interface SeatSources {
  /** The next seat for whoever has none; undefined when there is none. */
  next(): SeatSource | undefined;
  /** Whether a session's seat may be taken from its holder in this group; it is not given out again. */
  take(session: Session): boolean;
}

/** Open seats first, then expired sessions of holders outside this group; each seat once. */
function seatSources(
  { open, expired, rekeyed, replaced }: SeatSnapshot,
  license: License,
  requests: readonly AttemptedRequest[],
): SeatSources {
  // A seat that is newer than the licence that was read may belong to another kind of holder than this group asks for.
  const isKnown = (seat: string) => Number(seat) < license.next_seat;
  // The reads are not of one moment: the seat of a session that was read may be among the open ones, too.
  const kept = new Set([...rekeyed.values(), ...replaced.values()].map(({ seat }) => seat));
  const free = open.filter(({ id }) => !kept.has(id) && isKnown(id));
  const named = new Set([...kept, ...open.map(({ id }) => id)]);
  const holders = new Set(requests.map(({ holderId }) => holderId));
  const others = expired.filter(({ holder, seat }) => !holders.has(holder) && !named.has(seat) && isKnown(seat));
  const sources: SeatSource[] = isShrinking(license)
    ? []
    : [
        ...free.map((seat): SeatSource => ({ kind: 'open', seat })),
        ...others.map((session): SeatSource => ({ kind: 'expired', session })),
      ];
  const left = sources.values();
  const taken = new Set<string>();
  return {
    next: () => left.next().value,
    take({ handle, holder, seat }) {
      if (taken.has(handle) || holders.has(holder) || !isKnown(seat)) return false;
      taken.add(handle);
      return true;
    },
  };
}

/** A holder that has a session goes on with it, or gets another one on the same seat. */
function planOwn(
  request: AttemptedRequest,
  holder: HolderRecord,
  terms: Terms,
  { rekeyed, used }: SeatSnapshot,
): PlanStep[] {
  if (continues(request, holder, terms.license)) return [planRenewal(request, holder, terms, used)];
  const session = rekeyed.get(holder.session);
  if (session === undefined) return [];
  const fault = session.machine === request.machine ? undefined : whyNotMoved(session, request, terms);
  return [fault === undefined ? planClaim(request, { kind: 'own', session }, terms, used) : refuse(request, fault)];
}

/**
 * Why a user's seat stays on the machine where it is. While a copy may work there, a seat that is free only after the last
 * copy does not move at all.
 */
function whyNotMoved(
  session: Session,
  { takeOver = false }: AttemptedRequest,
  { license, now }: Terms,
): Fault | undefined {
  if (isKeptByCopy(session, license, now)) return heldElsewhere(session);
  const isRefused = license.on_second === 'refuse' && !takeOver && session.expires_at > expiredBefore(now);
  return isRefused ? heldElsewhere(session) : undefined;
}

/** Ends the session that the request names, and takes its seat. */
function planReplacement(
  request: AttemptedRequest,
  handle: string,
  terms: Terms,
  { replaced, used }: SeatSnapshot,
  seats: SeatSources,
): PlanStep[] {
  const { license, now } = terms;
  if (license.lease_per !== 'machine' || license.self_service.release !== 'any')
    return [refuse(request, selfServiceOff())];
  const session = replaced.get(handle);
  if (session?.license_id !== license.id) return [refuse(request, sessionNotFound())];
  if (isShrinking(license)) return [refuse(request, noSeatsAvailable(license, used))];
  if (isKeptByCopy(session, license, now)) return [refuse(request, heldElsewhere(session))];
  return seats.take(session) ? [planClaim(request, { kind: 'replaced', session }, terms, used)] : [];
}

/** With `after_copy` a copy that works has a seat of its machine's for as long. */
const isKeptByCopy = ({ copy_until }: Session, { release }: License, now: number): boolean =>
  release === 'after_copy' && copy_until > now;

const isNamed = ({ lease_per, named_users }: License): boolean => lease_per === 'user' && named_users;

const refuse = (request: AttemptedRequest, fault: Fault): Refuse => ({ kind: 'refuse', request, fault });

/** Named where the licence offers it, so that a program can say in one trip who has the seats. */
const holdersFor = ({ machine }: AttemptedRequest, { license, shown }: SeatSnapshot) =>
  license?.self_service.holders === 'names'
    ? { holders: shown.map((session) => describeHolder(session, machine)) }
    : {};

/**
 * The count was read at another moment than the seats, of which none is open any more; those of a licence that shrinks may
 * be open and are given to nobody.
 */
function noSeatsAvailable(license: License, used: number, more: Fields = {}): Fault {
  return new Fault('no_seats_available', 'Release a seat, or wait until a lease expires.', {
    extra: {
      seats_used: isShrinking(license) ? used : Math.max(used, license.seats),
      seats_total: license.max_seats,
      ...more,
    },
  });
}

const userNotNamed = (): Fault => new Fault('user_not_named', 'An administrator of the licence can add the user.');

/** A holder that has a session keeps it: same seat, same id, a longer lease. */
function planRenewal(
  request: AttemptedRequest,
  holder: HolderRecord,
  { license, key, now }: Terms,
  used: number,
): Renew {
  const name = deriveSessionName(request.key, holder.nonce);
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
    writes: [
      ...claimWrites(source, { name, fields }, now),
      ...(isNamed(license) ? [noteNamedUser(license.id, request.holderId, name.handle, now)] : []),
    ],
  };
}

function claimWrites(source: SeatSource, session: NewSession, now: number): Write[] {
  switch (source.kind) {
    case 'open':
      return claim(session, source.seat);
    case 'expired':
      return takeOver(session, source.session, now);
    case 'replaced':
      return takeOver(session, source.session, now, 'moved');
    case 'own':
      return handOver(session, source.session, now, isMove(session, source.session) ? 'moved' : 'reclaimed');
    default:
      return source satisfies never;
  }
}

const isMove = ({ fields }: NewSession, { machine }: Session): boolean => fields.machine !== machine;

function newSession(
  request: AttemptedRequest,
  { license, key, now }: Terms,
  seat: string,
): Omit<SessionFields, 'expires_at' | 'copy_until' | 'nonce' | 'shard'> {
  return {
    ...request.client,
    license_id: license.id,
    tenant_id: license.tenant_id,
    seat,
    holder: request.holderId,
    machine: request.machine,
    key: key.id,
    acquired_at: now,
    last_heartbeat: now,
    lingering: false,
    programs: firstProgram(request.program, now),
  };
}
