import { createGroupCommit } from '#shared/concurrency/group-commit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, isFault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { expiredBefore, type Session } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';
import { claiming, noSeats, refusalFor, renewal, type Source, type Step } from './plan.ts';
import { createSituationReader, type Holder, type Situation } from './situation.ts';
import { noUsageNotes, type UsageNotes } from './usage.ts';
import type { Grant, Granted, Outcome, Wish } from './wish.ts';

export interface AcquireOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of every licence that was read, so that heartbeats need not read it again. */
  readonly onLicense?: (license: License) => void;
  readonly usage?: UsageNotes;
}

/** A hundred claims are 300 writes; larger groups are hardly faster, and lose more when they lose a race (docs/seats.md). */
const MAX_GROUP = 100;
const MAX_WAITING = 5_000;

/**
 * How often a wish is tried before the caller is sent away to try later. A lost race costs one, and there may be as
 * many as there are halves of a group; a commit of which nobody knows the end costs more, as it takes long.
 */
const PATIENCE = 16;
const UNKNOWN_COST = 5;

export type Acquire<Issued> = (wish: Wish<Issued>) => Promise<Granted<Issued>>;

/**
 * Lends a seat. In two round trips: everything there is to know of the licence and the machine, then one atomic
 * commit, with the signature beside it. Wishes for the same licence that arrive while a commit is under way go
 * together in the next one.
 * @throws Fault `license_not_found`, `license_expired`, `license_suspended`, `no_seats_available`,
 *   `dependency_unavailable`
 */
export function createAcquire<Issued>(options: AcquireOptions): Acquire<Issued> {
  const { store, clock, usage = noUsageNotes } = options;
  const read = createSituationReader(options);
  type W = Wish<Issued>;
  type O = Outcome<Issued>;

  const groupCommit = createGroupCommit<W, O>({ run: serveGroup, maxGroup: MAX_GROUP, maxWaiting: MAX_WAITING });

  /** One entry a machine: who asks twice in a group shares what the first one gets, unless it came with another key. */
  async function serveGroup(licenseId: string, wishes: readonly W[]): Promise<O[]> {
    const leaders = new Map<string, W>();
    for (const wish of wishes) if (!leaders.has(wish.holder) && !wish.signal.aborted) leaders.set(wish.holder, wish);
    const served = await serve(licenseId, [...leaders.values()], PATIENCE);
    const outcomes: O[] = [];
    for (const wish of wishes) {
      const leader = leaders.get(wish.holder);
      outcomes.push(await outcomeFor(licenseId, wish, leader, leader && served.get(leader)));
    }
    usage.denied(licenseId, outcomes.filter(isDenial).length);
    return outcomes;
  }

  async function outcomeFor(licenseId: string, wish: W, leader: W | undefined, outcome: O | undefined): Promise<O> {
    if (leader === undefined || outcome === undefined) return { kind: 'refused', fault: callerGone() };
    if (wish === leader) return outcome;
    if (wish.key.text === leader.key.text && outcome.kind === 'granted') {
      return { ...outcome, created: false, issued: begin(wish, outcome.grant) };
    }
    // Why the leader was refused counts for the same key only, and not if it was for having gone.
    if (wish.key.text === leader.key.text && !leader.signal.aborted) return outcome;
    return (await serve(licenseId, [wish], PATIENCE)).get(wish) ?? { kind: 'refused', fault: tooBusy() };
  }

  /** Looks, plans, commits; what was not settled by that is tried again, a failed group in halves. */
  async function serve(licenseId: string, wishes: readonly W[], patience: number): Promise<Map<W, O>> {
    const outcomes = new Map<W, O>();
    if (wishes.length === 0) return outcomes;
    if (patience <= 0) return new Map(wishes.map((wish) => [wish, { kind: 'refused', fault: tooBusy() }]));
    const situation = await read.situation(
      licenseId,
      wishes.map(({ holder }) => holder),
    );
    const steps = await plan(situation, wishes);
    const issued = new Map(
      steps.map((step) => [step.wish, step.kind === 'refuse' ? undefined : begin(step.wish, step.grant)]),
    );
    const [claimed, renewed] = await Promise.all([commitClaims(steps), writeRenewals(steps)]);

    for (const step of steps) {
      const promise = issued.get(step.wish);
      const done = step.kind === 'claim' ? claimed === 'done' : step.kind === 'refuse' || renewed.has(step.wish);
      if (!done) continue;
      outcomes.set(
        step.wish,
        step.kind === 'refuse' || promise === undefined
          ? { kind: 'refused', fault: step.kind === 'refuse' ? step.fault : tooBusy() }
          : { kind: 'granted', grant: step.grant, created: step.created, issued: promise },
      );
    }
    const left = wishes.filter((wish) => !outcomes.has(wish));
    const cost = claimed === 'unknown' ? UNKNOWN_COST : 1;
    for (const part of halves(left)) {
      for (const [wish, outcome] of await serve(licenseId, part, patience - cost)) outcomes.set(wish, outcome);
    }
    return outcomes;
  }

  /** Decides for every wish. Only a licence without enough open seats costs further reads, for expired sessions. */
  async function plan(situation: Situation, wishes: readonly W[]): Promise<Step<Issued>[]> {
    const { license, holders } = situation;
    const now = clock.now();
    const steps: Step<Issued>[] = [];
    const wanting: W[] = [];
    const changedKeys: { readonly wish: W; readonly holder: Holder }[] = [];
    for (const wish of wishes) {
      const fault = wish.signal.aborted ? callerGone() : refusalFor(wish, license, now);
      const holder = holders.get(wish.holder);
      if (fault !== undefined || license === undefined) steps.push({ kind: 'refuse', wish, fault: fault ?? tooBusy() });
      else if (holder === undefined) wanting.push(wish);
      else {
        const step = renewal(wish, holder, license, situation.used, now);
        if (step === undefined) changedKeys.push({ wish, holder });
        else steps.push(step);
      }
    }
    if (license === undefined) return steps;
    const moving = await ownSessions(changedKeys);
    // The open seats were read beside the holders, not at the same moment: a machine of this group may have got one.
    const moved = new Set(moving.map(({ session }) => paths.seat(license.id, session.seat)));
    const open = situation.open.filter((seat) => !moved.has(seat.path));
    const machines = new Set(wishes.map((wish) => wish.holder));
    const sources = await findSources({ ...situation, open }, license, wanting.length, machines, now);
    let seatsUsed = situation.used;
    wanting.forEach((wish, index) => {
      const source = sources[index];
      if (source?.kind === 'open') seatsUsed += 1;
      steps.push(
        source === undefined
          ? { kind: 'refuse', wish, fault: noSeats(license, seatsUsed) }
          : claiming(wish, source, license, seatsUsed, now),
      );
    });
    for (const { wish, session } of moving) {
      steps.push(claiming(wish, { kind: 'own', session }, license, situation.used, now));
    }
    return steps;
  }

  /** Open seats first, then expired sessions; none at all while a shrink is under way, or it might never end. */
  async function findSources(
    situation: Situation,
    license: License,
    wanted: number,
    machines: ReadonlySet<string>,
    now: number,
  ): Promise<Source[]> {
    if (license.seats > license.max_seats) return [];
    const open = situation.open.slice(0, wanted);
    const missing = wanted - open.length;
    const expired = missing === 0 ? [] : await read.expired(license.id, expiredBefore(now), missing + machines.size);
    // What this group's own machines hold is renewed, not taken; a seat that was just opened is among the open ones.
    const opened = new Set(open.map(({ id }) => id));
    const others = expired.filter(({ holder, seat }) => !machines.has(holder) && !opened.has(seat));
    return [
      ...open.map((seat): Source => ({ kind: 'open', seat })),
      ...others.slice(0, missing).map((session): Source => ({ kind: 'expired', session })),
    ];
  }

  async function ownSessions(
    changed: readonly { readonly wish: W; readonly holder: Holder }[],
  ): Promise<{ readonly wish: W; readonly session: Session }[]> {
    const sessions = await read.sessions(changed.map(({ holder }) => holder.session));
    return changed.flatMap(({ wish }, index) => {
      const session = sessions[index];
      return session === undefined ? [] : [{ wish, session }];
    });
  }

  /** The second round trip: all claims of the group, or none. */
  async function commitClaims(steps: readonly Step<Issued>[]): Promise<'done' | 'refused' | 'unknown'> {
    const claims = steps.flatMap((step) => (step.kind === 'claim' ? [step] : []));
    if (claims.length === 0) return 'done';
    const mark = markOf(claims);
    return store.commit([...claims.flatMap(({ writes }) => writes), ...usage.peak(...mark)]).then(
      () => {
        usage.peakNoted(...mark);
        return 'done';
      },
      (error) => {
        if (!(error instanceof CommitError)) throw error;
        return error.failure === 'unknown' ? 'unknown' : 'refused';
      },
    );
  }

  /** Renewals are one write each and need no atomicity: one that fails leaves the others alone. */
  async function writeRenewals(steps: readonly Step<Issued>[]): Promise<ReadonlySet<W>> {
    const renewals = steps.flatMap((step) => (step.kind === 'renew' ? [step] : []));
    if (renewals.length === 0) return new Set();
    const writes = [...renewals.map(({ write }) => write), ...usage.peak(...markOf(renewals))];
    const refusals = await store.writeEach(writes).catch((error) => {
      if (error instanceof CommitError) return writes.map(() => error.failure);
      throw error;
    });
    if (refusals.every((refusal) => refusal === undefined)) usage.peakNoted(...markOf(renewals));
    return new Set(renewals.flatMap(({ wish }, index) => (refusals[index] === undefined ? [wish] : [])));
  }

  return async (wish) => {
    const outcome = await groupCommit.submit(wish.key.licenseId, wish);
    if (isDenial(outcome)) await usage.flush();
    if (outcome.kind === 'refused') throw outcome.fault;
    return outcome;
  };
}

/** Starts the signature; a failure is met by whoever awaits it, and by nobody when the commit failed first. */
function begin<Issued>(wish: Wish<Issued>, grant: Granted<Issued>['grant']): Promise<Issued> {
  const issued = wish.issue(grant);
  issued.catch(() => undefined);
  return issued;
}

function halves<T>(items: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].filter((part) => part.length > 0);
}

const isDenial = (outcome: Outcome<unknown>) =>
  outcome.kind === 'refused' && isFault(outcome.fault, 'no_seats_available');

/** The licence of some steps, of which there is one at least, and how many seats are taken when they are done. */
const markOf = (steps: readonly { readonly grant: Grant }[]): [licenseId: string, seats: number] => [
  steps[0]?.grant.license.id ?? '',
  Math.max(...steps.map(({ grant }) => grant.seatsUsed)),
];

const callerGone = () => new Fault('dependency_unavailable', 'The caller has gone.');
const tooBusy = () => new Fault('dependency_unavailable', 'The seat could not be taken right now.', { retryAfter: 1 });
