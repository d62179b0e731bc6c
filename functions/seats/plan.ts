import type { BorrowSlot } from '#shared/model/borrow-slot.ts';
import { normalEmail } from '#shared/model/email.ts';
import { Fault } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import { borrowCap, isShrinking, type License } from '#shared/model/license.ts';
import { borrowedUntil, expiredBefore, type Session, type SessionFields, shardOf } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import {
  claim,
  extend,
  handOver,
  type NewSession,
  noteNamedUser,
  readopt,
  renew,
  takeOver,
} from '#shared/seats/commits.ts';
import { firstProgram } from '#shared/seats/programs.ts';
import type { Document, Fields, Write } from '#shared/store/store.ts';
import type { AttemptedRequest, ClientDetails } from './acquire-request.ts';
import {
  borrowEnd,
  noBorrowAvailable,
  passedSlot,
  type SlotSupply,
  sessionBorrowed,
  slotFor,
  slotSupply,
  type TakenSlot,
  unborrowable,
} from './borrow.ts';
import { ineligibility, licenseNotFound, type Terms } from './eligibility.ts';
import { sessionNotFound } from './ended-session.ts';
import { heldElsewhere } from './held-elsewhere.ts';
import { describeHolder, selfServiceOff } from './holders.ts';
import { borrowedEnds, type Lease, leaseEnds } from './lease.ts';
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
  /** Of the session that goes on. */
  readonly handle: string;
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
  /** Of the session that begins, or that is borrowed for longer. */
  readonly handle: string;
  readonly lease: Lease;
  /** False when the machine had a session, which this one replaces. */
  readonly created: boolean;
  readonly writes: readonly Write[];
  /** It comes with a seat of its own, which the licence has to count in the same commit. */
  readonly makesSeat?: boolean;
}

/** The seat would be another holder's than was read: the request has to be resolved again. */
export interface Misread {
  readonly kind: 'misread';
  readonly request: AttemptedRequest;
}

export type PlanStep = Refuse | Renew | Claim | Misread;

/** Where a new session's seat comes from. */
type SeatSource =
  | { readonly kind: 'open'; readonly seat: Document }
  /** Another holder's session, which has expired. */
  | { readonly kind: 'expired'; readonly session: Session }
  /** Another holder's session, which the request names. */
  | { readonly kind: 'replaced'; readonly session: Session }
  /** The holder has it already, with another key, from another machine, because it is kept, or not borrowed. */
  | { readonly kind: 'own'; readonly session: Session }
  /** It is made for a holder whose borrowed session was ended. */
  | { readonly kind: 'orphan'; readonly orphan: BorrowSlot; readonly seat: string };

/**
 * Decides a group of requests of one licence. Pure: reads nothing, and each request brings its random nonce.
 * @param requests of different holders
 * @param now milliseconds since the epoch
 * @param waiting those for whom no seat is free, whatever the snapshot has: others are before them
 * @returns a step for each request, in order. A request has none when the snapshot contradicts itself about its
 *   holder, because a session ended between two reads, when seats are newer than the licence, or when it concerns a
 *   session that another request of the group concerns: it has to be attempted again.
 */
export function planGroup(
  snapshot: SeatSnapshot,
  requests: readonly AttemptedRequest[],
  now: number,
  waiting: ReadonlySet<AttemptedRequest> = NOBODY,
): PlanStep[] {
  const { license, keys, people, named } = snapshot;
  if (license === undefined) return requests.map((request) => refuse(request, licenseNotFound()));
  const seats = seatSources(snapshot, license, requests);
  const slots = slotSupply(snapshot, license);
  let made = 0;
  let used = snapshot.used;
  return requests.flatMap((request): PlanStep[] => {
    const key = keys.get(request.keyHash);
    const fault = ineligibility(key, license, now) ?? (request.borrow && unborrowable(request.borrow, license));
    if (key === undefined || fault !== undefined) return [refuse(request, fault ?? licenseNotFound())];
    const subject = subjectOf(request, { license, key, people });
    if (subject instanceof Fault) return [refuse(request, subject)];
    if (subject?.holderId !== request.holderId) return [{ kind: 'misread', request }];
    if (isNamed(license) && !named.has(request.holderId)) return [refuse(request, userNotNamed())];

    const terms = { license, key, now };
    const holder = snapshot.holders.get(request.holderId);
    if (holder !== undefined) return planOwn(request, holder, terms, snapshot, { slots, seats });
    if (request.replace !== undefined) return planReplacement(request, request.replace, terms, snapshot, seats);
    const orphan = snapshot.orphans.get(request.holderId);
    if (orphan !== undefined) {
      used += 1;
      return [planReturn(request, orphan, terms, { seat: String(license.next_seat + made++), used, slots })];
    }
    const slot = request.borrow && slotFor(request, terms, slots);
    const free = waiting.has(request) ? NO_SEATS : seats;
    // A slot of an expired session passes on with its seat.
    const source = slot === 'none' ? slots.isOpen() && free.nextBorrowed(borrowCap(license)) : free.next();
    if (slot === 'none' && !source) return [refuse(request, noBorrowAvailable(license, slots.taken()))];
    if (!source && free.isNewer) return [];
    if (!source) return [refuse(request, noSeatsAvailable(license, used, holdersFor(request, snapshot)))];
    if (source.kind === 'open') used += 1;
    return [
      planClaim(request, source, terms, used, slot === 'none' ? passedSlot(request, source, terms, slots) : slot),
    ];
  });
}

interface FreeSeats {
  /** The next seat for whoever has none; undefined when there is none. */
  next(): SeatSource | undefined;
  /** An expired session whose borrow slot is below a number. */
  nextBorrowed(cap: number): SeatSource | undefined;
  /** Some seats are newer than the licence that was read; the next attempt reads both anew. */
  readonly isNewer: boolean;
}

const NO_SEATS: FreeSeats = { next: () => undefined, nextBorrowed: () => undefined, isNewer: false };
const NOBODY: ReadonlySet<AttemptedRequest> = new Set();

interface SeatSources extends FreeSeats {
  /** Whether a seat is as old as the licence that was read. The number of a newer one may be given out in this group. */
  isKnown(seat: string): boolean;
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
  const taken = new Set<string>();
  return {
    isNewer:
      !isShrinking(license) &&
      [...open.map(({ id }) => id), ...expired.map(({ seat }) => seat)].some((seat) => !isKnown(seat)),
    isKnown,
    next: () => sources.shift(),
    nextBorrowed(cap) {
      const isBorrowed = (source: SeatSource) =>
        source.kind === 'expired' && source.session.borrow_slot !== null && source.session.borrow_slot < cap;
      const index = sources.findIndex(isBorrowed);
      return index < 0 ? undefined : sources.splice(index, 1)[0];
    },
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
  { slots, seats }: { readonly slots: SlotSupply; readonly seats: SeatSources },
): PlanStep[] {
  const { license, now } = terms;
  if (continues(request, holder, license, now)) return [planRenewal(request, holder, terms, used, slots)];
  const session = rekeyed.get(holder.session);
  if (session === undefined || !seats.isKnown(session.seat)) return [];
  const fault = session.machine === request.machine ? undefined : whyNotMoved(session, request, terms);
  if (fault !== undefined) return [refuse(request, fault)];
  const slot = slotFor(request, terms, slots, session);
  if (slot === 'none') return [refuse(request, noBorrowAvailable(license, slots.taken()))];
  return [planClaim(request, { kind: 'own', session }, terms, used, slot)];
}

/** A holder comes back to the seat that its copy has kept away since its session was ended. */
function planReturn(
  request: AttemptedRequest,
  orphan: BorrowSlot,
  terms: Terms,
  { seat, used, slots }: { readonly seat: string; readonly used: number; readonly slots: SlotSupply },
): Claim {
  const until = Math.max(orphan.until, borrowEnd(request, terms));
  const slot = { number: orphan.number, until, taken: slots.taken() };
  return planClaim(request, { kind: 'orphan', orphan, seat }, terms, used, slot);
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
  if (borrowedUntil(session, now) !== undefined) return sessionBorrowed(session);
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
  if (borrowedUntil(session, now) !== undefined) return [refuse(request, sessionBorrowed(session))];
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

/** A holder that has a session keeps it: same seat, same id, a longer lease. One that is borrowed may be so for longer. */
function planRenewal(
  request: AttemptedRequest,
  holder: HolderRecord,
  terms: Terms,
  used: number,
  slots: SlotSupply,
): Renew | Claim {
  const { license, key, now } = terms;
  const sessionId = request.byAdministrator ? '' : deriveSessionName(request.key, holder.nonce).sessionId;
  const handle = holder.session;
  const programs = request.program === undefined ? [] : [request.program];
  const renewed = { now, programs, details: detailsOf(request) };
  const granted = { request, key, handle, created: request.earlierNonces.includes(holder.nonce) };
  const until = borrowedUntil(holder, now);
  if (until === undefined || holder.borrow_slot === null) {
    const ends = leaseEnds(license, now);
    const lease = { license, sessionId, seatsUsed: used, ...ends };
    return { kind: 'renew', ...granted, lease, write: renew(handle, { ...renewed, ...ends }) };
  }
  const wanted = Math.max(until, borrowEnd(request, terms));
  const ends = borrowedEnds(license, wanted, now);
  const borrowed = { until: ends.copyUntil, seats: request.borrow && slots.taken() };
  const lease = { license, sessionId, seatsUsed: used, ...ends, borrowed };
  if (wanted === until) return { kind: 'renew', ...granted, lease, write: renew(handle, { ...renewed, ...ends }) };
  const { borrow_slot } = holder;
  const writes = extend({ handle, license_id: license.id, holder: request.holderId, borrow_slot }, wanted, {
    ...renewed,
    ...ends,
  });
  return { kind: 'claim', ...granted, lease, writes };
}

/** What a machine says of itself it says anew each time; an administrator changes what is given. */
const detailsOf = ({ client, byAdministrator }: AttemptedRequest): Fields =>
  Object.fromEntries(Object.entries(withUser(client)).filter(([, value]) => !byAdministrator || value !== null));

const withUser = (client: ClientDetails) => ({
  ...client,
  user: client.user_email === null ? null : normalEmail(client.user_email),
});

function planClaim(
  request: AttemptedRequest,
  source: SeatSource,
  terms: Terms,
  used: number,
  slot?: TakenSlot | undefined,
): Claim {
  const { license, key, now } = terms;
  const name = deriveSessionName(request.key, request.nonce);
  const { expiresAt, copyUntil } =
    slot === undefined ? leaseEnds(license, now) : borrowedEnds(license, slot.until, now);
  // What the machine was promised and what was signed for it before holds on, also when leases have become shorter since.
  const held = source.kind === 'own' ? source.session : { expires_at: 0, copy_until: 0 };
  const fields = {
    ...newSession(request, terms, seatOf(source)),
    expires_at: Math.max(expiresAt, held.expires_at, slot?.until ?? 0),
    copy_until: Math.max(copyUntil, held.copy_until),
    borrow_slot: slot?.number ?? null,
    borrowed_until: slot?.until ?? null,
    shard: shardOf(name.handle),
  };
  const borrowed = slot && { until: copyUntil, seats: request.borrow && slot.taken };
  return {
    kind: 'claim',
    request,
    key,
    handle: name.handle,
    lease: { license, sessionId: name.sessionId, expiresAt, copyUntil, seatsUsed: used, borrowed },
    created: source.kind !== 'own' || source.session.lingering,
    makesSeat: source.kind === 'orphan',
    writes: [
      ...claimWrites(source, { name, fields }, now),
      ...(isNamed(license) ? [noteNamedUser(license.id, request.holderId, name.handle, now)] : []),
    ],
  };
}

function seatOf(source: SeatSource): string {
  switch (source.kind) {
    case 'open':
      return source.seat.id;
    case 'orphan':
      return source.seat;
    case 'expired':
    case 'replaced':
    case 'own':
      return source.session.seat;
    default:
      return source satisfies never;
  }
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
      return handOver(session, source.session, now, whyHandedOver(session, source.session));
    case 'orphan':
      return readopt(session, source.orphan);
    default:
      return source satisfies never;
  }
}

function whyHandedOver({ fields }: NewSession, { machine, borrow_slot }: Session): 'moved' | 'borrowed' | 'reclaimed' {
  if (fields.machine !== machine) return 'moved';
  return fields.borrow_slot !== null && borrow_slot === null ? 'borrowed' : 'reclaimed';
}

function newSession(
  request: AttemptedRequest,
  { license, key, now }: Terms,
  seat: string,
): Omit<SessionFields, 'expires_at' | 'copy_until' | 'borrow_slot' | 'borrowed_until' | 'nonce' | 'shard'> {
  return {
    ...withUser(request.client),
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
