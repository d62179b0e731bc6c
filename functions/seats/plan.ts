import type { BorrowSlot } from '#shared/model/borrow-slot.ts';
import { Fault } from '#shared/model/errors.ts';
import { borrowCap, type License } from '#shared/model/license.ts';
import { hasNamedUsers } from '#shared/model/seat-rules.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import {
  borrowEnd,
  noBorrowAvailable,
  passedSlot,
  type SlotSupply,
  slotFor,
  slotSupply,
  unborrowable,
} from './borrow.ts';
import { ineligibility, licenseNotFound, type Terms } from './eligibility.ts';
import { holdersFor, noSeatsAvailable } from './no-seats.ts';
import { planClaim } from './plan-claim.ts';
import { planOwn } from './plan-own.ts';
import { planReplacement } from './plan-replacement.ts';
import { type Claim, type PlanStep, refuse } from './plan-step.ts';
import { NO_SEATS, type SeatSources, seatSources } from './seat-sources.ts';
import type { SeatSnapshot } from './snapshot.ts';
import { subjectOf } from './subject.ts';

const NOBODY: ReadonlySet<AttemptedRequest> = new Set();

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
  const { license } = snapshot;
  if (license === undefined) return requests.map((request) => refuse(request, licenseNotFound()));
  const supply: Supply = {
    seats: seatSources(snapshot, license, requests),
    slots: slotSupply(snapshot, license),
    used: snapshot.used,
    made: 0,
  };
  return requests.flatMap((request) => {
    const terms = admissible(request, { ...snapshot, license }, now);
    if ('kind' in terms) return [terms];
    return planRequest(request, terms, { snapshot, supply, isWaiting: waiting.has(request) }) ?? [];
  });
}

/** What the requests of a group use up, one after the other. */
interface Supply {
  readonly seats: SeatSources;
  readonly slots: SlotSupply;
  /** Seats of the licence that are taken, those given in this group included. */
  used: number;
  /** Seats that the group's holders bring along. */
  made: number;
}

interface Planning {
  readonly snapshot: SeatSnapshot;
  readonly supply: Supply;
  /** Others are before the request. */
  readonly isWaiting: boolean;
}

/** The terms by which a request is decided, or the step that ends it because it may have no seat at all. */
function admissible(
  request: AttemptedRequest,
  { license, keys, people, named }: SeatSnapshot & { readonly license: License },
  now: number,
): Terms | PlanStep {
  const key = keys.get(request.keyHash);
  const fault = ineligibility(key, license, now) ?? (request.borrow && unborrowable(request.borrow, license));
  if (key === undefined || fault !== undefined) return refuse(request, fault ?? licenseNotFound());
  const subject = subjectOf(request, { license, key, people });
  if (subject instanceof Fault) return refuse(request, subject);
  if (subject?.holderId !== request.holderId) return { kind: 'misread', request };
  if (hasNamedUsers(license) && !named.has(request.holderId)) return refuse(request, userNotNamed());
  return { license, key, now };
}

const userNotNamed = (): Fault => new Fault('user_not_named', 'An administrator of the licence can add the user.');

/** A holder keeps the seat it has, takes the one that it names, comes back to its orphan, or gets a free one. */
function planRequest(request: AttemptedRequest, terms: Terms, planning: Planning): PlanStep | undefined {
  const { snapshot, supply } = planning;
  const holder = snapshot.holders.get(request.holderId);
  if (holder !== undefined) return planOwn(request, holder, terms, snapshot, supply);
  if (request.replace !== undefined) return planReplacement(request, request.replace, terms, snapshot, supply.seats);
  const orphan = snapshot.orphans.get(request.holderId);
  if (orphan !== undefined) return planReturn(request, orphan, terms, supply);
  return planNewcomer(request, terms, planning);
}

/** A holder comes back to the seat that its copy has kept away since its session was ended: with a new seat. */
function planReturn(request: AttemptedRequest, orphan: BorrowSlot, terms: Terms, supply: Supply): Claim {
  const seat = String(terms.license.next_seat + supply.made);
  supply.made += 1;
  supply.used += 1;
  const until = Math.max(orphan.until, borrowEnd(request, terms));
  const slot = { number: orphan.number, until, taken: supply.slots.taken() };
  return planClaim(request, { kind: 'orphan', orphan, seat }, terms, supply.used, slot);
}

function planNewcomer(
  request: AttemptedRequest,
  terms: Terms,
  { snapshot, supply, isWaiting }: Planning,
): PlanStep | undefined {
  const { license } = terms;
  const { slots } = supply;
  const slot = request.borrow && slotFor(request, terms, slots);
  const free = isWaiting ? NO_SEATS : supply.seats;
  // A slot of an expired session passes on with its seat.
  const source = slot === 'none' ? slots.isOpen() && free.nextBorrowed(borrowCap(license)) : free.next();
  if (slot === 'none' && !source) return refuse(request, noBorrowAvailable(license, slots.taken()));
  if (!source && free.isNewer) return undefined;
  if (!source) return refuse(request, noSeatsAvailable(license, supply.used, holdersFor(request, snapshot)));
  if (source.kind === 'open') supply.used += 1;
  const taken = slot === 'none' ? passedSlot(request, source, terms, slots) : slot;
  return planClaim(request, source, terms, supply.used, taken);
}
