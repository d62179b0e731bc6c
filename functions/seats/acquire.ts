import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { newSessionNonce } from '#shared/model/session-id.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import { type AcquireRequest, type AttemptedRequest, callerGone, type HolderRequest } from './acquire-request.ts';
import {
  type Acquired,
  type AcquireOutcome,
  type AttemptContext,
  attemptGroup,
  MISREAD,
  type Queued,
} from './attempt.ts';
import { denialReason } from './denial.ts';
import type { DenialEvents } from './denial-events.ts';
import { heldElsewhere } from './held-elsewhere.ts';
import { createKeyStanding } from './key-standing.ts';
import { createLanes } from './lanes.ts';
import type { LicenseCache } from './license-cache.ts';
import type { SignLicense } from './sign-license.ts';
import type { SignatureBudget } from './signature-budget.ts';
import { createSubjects } from './subjects.ts';
import { type UsageRecorder, withoutUsage } from './usage-recorder.ts';
import { createQueueSweeps } from './write-queue.ts';

export interface AcquireOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** Signs a lease for the request that gets it. Called beside the commit; the result counts only if that succeeds. */
  readonly sign: SignLicense;
  /** Given every licence that is read, so that heartbeats need not read it again. */
  readonly licenses?: Pick<LicenseCache, 'put'>;
  readonly usage?: UsageRecorder;
  /** Tells subscribers of requests that found no seat. */
  readonly denials?: DenialEvents;
  /** What `sign` may spend; without one nobody is refused for it before the seat is taken. */
  readonly budget?: Pick<SignatureBudget, 'require'>;
}

/**
 * How many attempts a request gets before its caller is asked to try later. A lost race costs one, and there may be as
 * many as a group has halves. A commit whose answer is lost costs more, because it takes until the deadline.
 */
const MAX_ATTEMPTS = 16;
const UNKNOWN_COST = 5;

export type Acquire = (request: AcquireRequest) => Promise<Acquired | Queued>;

/**
 * Lends seats in two round trips: a snapshot of the licence and the machine, then one atomic commit, with the
 * signature made beside it. Requests for the same licence that arrive while a group is under way form the next group.
 * @throws Fault `license_not_found`, `license_expired`, `license_suspended`, `no_seats_available`, `unauthenticated`,
 *   `user_not_named`, `held_elsewhere`, `self_service_off`, `session_not_found`, `invalid_request`, `queue_full`,
 *   `machine_limit_reached`, *   `dependency_unavailable`, `rate_limited`
 */
export function createAcquire({ licenses, usage: recorder, budget, ...options }: AcquireOptions): Acquire {
  const usage = recorder ?? withoutUsage;
  const keys = createKeyStanding(options.clock);
  const subjects = createSubjects(options.store);
  const context = { ...options, licenses, usage, keys, subjects, sweeps: createQueueSweeps(options.clock) };
  const submit = createLanes({
    store: options.store,
    keys,
    acquire: (licenseId, requests) => acquireGroup(context, licenseId, requests),
  });
  return async (request) => {
    budget?.require(request);
    const outcome = await submit(request);
    if (outcome.kind === 'acquired' || outcome.kind === 'queued') return outcome;
    const fault = outcome.kind === 'refused' ? outcome.fault : tooBusy();
    if (denialReason(fault) !== undefined) await usage.flush();
    throw fault;
  };
}

/** The rounds for requests whose holder was guessed wrongly. Only a licence that changes again and again needs more. */
const MAX_ROUNDS = 3;

/** Finds out whose the seats will be, and serves the requests; again those for which that has turned out wrong. */
async function acquireGroup(
  context: AttemptContext,
  licenseId: string,
  requests: readonly AcquireRequest[],
): Promise<AcquireOutcome[]> {
  const outcomes: AcquireOutcome[] = requests.map(() => MISREAD);
  const holders = new Map<number, HolderRequest>();
  for (let round = 0; round < MAX_ROUNDS && outcomes.includes(MISREAD); round += 1) {
    const open = [...outcomes.keys()].filter((index) => outcomes[index] === MISREAD);
    const resolved = await context.subjects.resolve(
      licenseId,
      open.flatMap((index) => requests[index] ?? []),
    );
    const served = await serveHolders(context, licenseId, resolved);
    served.forEach((outcome, at) => {
      const index = open[at] ?? 0;
      outcomes[index] = outcome;
      const holder = resolved[at];
      if (holder !== undefined) holders.set(index, holder);
    });
  }
  const all = outcomes.map((outcome) => (outcome === MISREAD ? refuse(tooBusy()) : outcome));
  const denied = all.flatMap((outcome, index) => denialOf(outcome, holders.get(index)));
  for (const [reason, group] of Map.groupBy(denied, (one) => one.reason)) {
    context.usage.recordDenials(licenseId, reason, group);
  }
  return all;
}

/** Each holder takes part once, by its first request; its further requests share that one's outcome, or come after it. */
async function serveHolders(
  context: AttemptContext,
  licenseId: string,
  requests: readonly HolderRequest[],
): Promise<AcquireOutcome[]> {
  const present = requests.filter(({ signal }) => !signal.aborted);
  const leaders = firstOfEachHolder(present);
  const latest = new Map(present.map((request) => [request.holderId, request]));
  const outcomes = await attemptUntilDone(context, licenseId, [...leaders.values()]);
  const all: AcquireOutcome[] = [];
  for (const request of requests) {
    const leader = leaders.get(request.holderId);
    const outcome = outcomes.get(request.holderId);
    const last = latest.get(request.holderId);
    all.push(
      leader === undefined || outcome === undefined || last === undefined
        ? refuse(callerGone())
        : await shareOutcome(context, licenseId, request, { leader, outcome, last }),
    );
  }
  return all;
}

function firstOfEachHolder(requests: readonly HolderRequest[]): ReadonlyMap<string, HolderRequest> {
  const leaders = new Map<string, HolderRequest>();
  for (const request of requests) {
    if (!leaders.has(request.holderId)) leaders.set(request.holderId, request);
  }
  return leaders;
}

/** A failed group is attempted again in halves, so that one lost race does not hold up everybody. By holder id. */
async function attemptUntilDone(
  context: AttemptContext,
  licenseId: string,
  requests: readonly HolderRequest[],
): Promise<ReadonlyMap<string, AcquireOutcome>> {
  return attemptInHalves(context, licenseId, requests.map(withNonce), MAX_ATTEMPTS);
}

async function attemptInHalves(
  context: AttemptContext,
  licenseId: string,
  requests: readonly AttemptedRequest[],
  attemptsLeft: number,
): Promise<ReadonlyMap<string, AcquireOutcome>> {
  if (requests.length === 0) return new Map();
  if (attemptsLeft <= 0) return new Map(requests.map(({ holderId }) => [holderId, refuse(tooBusy())]));
  const { done, left, unknown } = await attemptGroup(context, licenseId, requests);
  const outcomes = new Map(done);
  for (const half of halves(left.map(withNonce))) {
    const later = await attemptInHalves(context, licenseId, half, attemptsLeft - (unknown ? UNKNOWN_COST : 1));
    for (const [holderId, outcome] of later) outcomes.set(holderId, outcome);
  }
  return outcomes;
}

/**
 * Each attempt draws another nonce and so another session id, so that an attempt that is applied late cannot revive a
 * session that has ended since.
 */
const withNonce = (request: HolderRequest | AttemptedRequest): AttemptedRequest => ({
  ...request,
  nonce: newSessionNonce(),
  earlierNonces: 'nonce' in request ? [...request.earlierNonces, request.nonce] : [],
});

interface OfHolder {
  readonly leader: HolderRequest;
  /** What the leader got. */
  readonly outcome: AcquireOutcome;
  /** The latest request. */
  readonly last: HolderRequest;
}

/**
 * What a holder's first request got is good for its other requests from the same machine with the same key, unless
 * they borrow otherwise. Of a user's
 * other machines that ask in the same moment the last one comes after the first, and those between would lose the seat
 * before they were answered.
 */
async function shareOutcome(
  context: AttemptContext,
  licenseId: string,
  request: HolderRequest,
  { leader, outcome, last }: OfHolder,
): Promise<AcquireOutcome> {
  if (request === leader || outcome === MISREAD) return outcome;
  const isSame =
    request.key.text === leader.key.text &&
    request.machine === leader.machine &&
    (request.queue === undefined) === (leader.queue === undefined) &&
    isDeepStrictEqual(request.borrow, leader.borrow);
  if (isSame && outcome.kind === 'acquired') {
    const signed = context.sign(outcome.lease, request);
    signed.catch(() => undefined);
    return { ...outcome, created: false, signed };
  }
  // A leader that was refused because its caller disconnected says nothing about the others.
  if (isSame && !leader.signal.aborted) return outcome;
  if (request.machine !== leader.machine && request.machine !== last.machine) {
    return refuse(heldElsewhere({ hostname: last.client.hostname, last_heartbeat: context.clock.now() }));
  }
  return (await attemptUntilDone(context, licenseId, [request])).get(request.holderId) ?? refuse(tooBusy());
}

function halves<T>(items: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].filter((half) => half.length > 0);
}

/** Who was refused, and why; nobody for what does not count. */
function denialOf(outcome: AcquireOutcome, request: HolderRequest | undefined) {
  const reason = outcome.kind === 'refused' ? denialReason(outcome.fault) : undefined;
  if (reason === undefined || request === undefined) return [];
  const { machine, client } = request;
  return [{ reason, machine, client }];
}

const refuse = (fault: Fault): AcquireOutcome => ({ kind: 'refused', fault });
const tooBusy = (): Fault =>
  new Fault('dependency_unavailable', 'The seat could not be taken right now.', { retryAfter: 1 });
