import { setTimeout as sleep } from 'node:timers/promises';
import { createFairQueue, type Owner } from '../concurrency/fair-queue.ts';
import type { Clock } from '../model/clock.ts';
import { Fault } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import { type SigningBudget, unlimitedBudget } from './budget.ts';
import { createInFlight } from './in-flight.ts';

/** Decides when a signature may be requested from KMS. */
export interface Turns {
  /**
   * Runs a call that signs for one owner when it is its turn; owners take turns with each other.
   * @throws Fault `signing_unavailable` at once, with `retryAfter`, when its turn would come too late; what `call` throws
   */
  single<T>(owner: Owner, call: () => Promise<T>): Promise<T>;
  /** Runs a call that signs for many. It goes before calls for one. @throws what `call` throws */
  batch<T>(call: () => Promise<T>): Promise<T>;
  /**
   * @param places how many turns after those that are asked for the batch would have; negative for one of these
   * @throws Fault `signing_unavailable`, with `retryAfter`, when the batch would come too late
   */
  requireBatchInTime(places: number): void;
}

export interface TurnsOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly budget?: SigningBudget | undefined;
  /** Waits until a call may begin. */
  readonly pause?: ((milliseconds: number) => Promise<unknown>) | undefined;
}

/** Milliseconds. A client waits ten seconds for an answer, of which the wait for a signature may take half. */
const PATIENCE = 5_000;

/** Milliseconds until the budget is asked again: what others do with it may change. */
const LONGEST_PAUSE = 1_000;
/** While batches wait, one call in so many is for one licence: a batch that waits longer takes more licences along. */
const BATCHES_TO_A_SINGLE = 3;
/** Seconds. Whoever is sent away comes back within this time; the queue may have become shorter meanwhile. */
const LONGEST_RETRY = 60;
/** About 50 bytes each. */
const MAX_SENT_AWAY = 10_000;

/** A call for one licence that waits for its turn. */
interface Single {
  readonly owner: Owner;
  readonly since: number;
  readonly start: () => void;
  readonly refuse: (fault: Fault) => void;
}

/**
 * A call to KMS begins, and with it its deadline, when the budget allows it and there is a place for it. If all calls were
 * sent together, they would wait for each other inside KMS until their deadlines pass, be sent again, and be signed for
 * nobody. Whoever would have to wait for longer than a client does is told when to come back: at once, or, if KMS turns
 * out to be slower than it was, when the patience ends. Each is told another time, so that those who come back find what
 * those before them left.
 */
export function createTurns({ clock, log, budget = unlimitedBudget, pause = sleep }: TurnsOptions): Turns {
  const singles = createFairQueue<Single>();
  const batches: (() => void)[] = [];
  const isWanted = () => singles.size + batches.length > 0;
  const inFlight = createInFlight({ clock, isWanted, onFree: () => void startDue() });
  const retries = createRetryTimes(clock);
  let batchesInRow = 0;
  let starting = false;

  /** Starts the call whose turn it is. @returns false when none is left, because those who waited had to be sent away */
  function startNext(): boolean {
    if (batches.length > 0 && (batchesInRow < BATCHES_TO_A_SINGLE || singles.size === 0)) {
      batchesInRow += 1;
      batches.shift()?.();
      return true;
    }
    batchesInRow = 0;
    for (let single = singles.shift(); single !== undefined; single = singles.shift()) {
      const waited = clock.now() - single.since;
      if (waited <= PATIENCE) {
        single.start();
        return true;
      }
      single.refuse(tooLate(single.owner, waited, 0));
    }
    return false;
  }

  async function startDue(): Promise<void> {
    if (starting) return;
    starting = true;
    let hasToken = false;
    try {
      while (isWanted() && inFlight.hasPlace()) {
        const wait = hasToken ? 0 : await budget.take(singles.size + batches.length);
        if (wait > 0) await pause(Math.min(wait, LONGEST_PAUSE));
        else hasToken = !startNext();
      }
    } finally {
      starting = false;
    }
  }

  /** Milliseconds until a call begins that has so many calls before it. */
  const waitBehind = (ahead: number) => {
    const forPlace = inFlight.hasPlace() ? 0 : (ahead + 1) * inFlight.interval();
    return Math.max(forPlace, budget.waitFor(ahead + 1));
  };
  /** Calls that begin for each one that is for a single licence. */
  const callsToASingle = () => (batches.length > 0 ? 1 + BATCHES_TO_A_SINGLE : 1);

  const intervalOfSingles = () =>
    callsToASingle() * Math.max(inFlight.interval(), budget.waitFor(2) - budget.waitFor(1));

  function tooLate({ tenant }: Owner, wait: number, inTime: number, interval = intervalOfSingles()): Fault {
    log.log('WARNING', 'kms_budget_spent', { wait_ms: Math.round(wait) });
    const retryAfter = retries.next(tenant, inTime, interval);
    const detail = 'More licences wait for a signature than can be signed in time.';
    return new Fault('signing_unavailable', detail, { retryAfter });
  }

  return {
    async single(owner, call) {
      const wait = waitBehind(singles.ahead(owner) * callsToASingle());
      if (wait > PATIENCE) throw tooLate(owner, wait, wait - PATIENCE);
      return new Promise((resolve, reject) => {
        const start = () => inFlight.run(call).then(resolve, reject);
        singles.push(owner, { owner, since: clock.now(), start, refuse: reject });
        void startDue();
      });
    },

    batch: (call) =>
      new Promise((resolve, reject) => {
        batches.push(() => inFlight.run(call).then(resolve, reject));
        void startDue();
      }),

    requireBatchInTime(places) {
      const wait = waitBehind(Math.max(0, batches.length + places));
      // The batch that they come back for is for all of them.
      if (wait > PATIENCE) throw tooLate(EVERYBODY, wait, wait - PATIENCE, 0);
    },
  };
}

/** Whoever is sent away for want of a batch, which is for all of them. */
const EVERYBODY: Owner = { tenant: '', license: '' };

/** When those who were sent away are to come back: the turns after the queue, promised to one after the other. */
function createRetryTimes(clock: Clock) {
  /** By tenant: until when the turns are promised. */
  const promised = new Map<string, number>();
  return {
    /**
     * @param soonest milliseconds until the first one may come back
     * @param interval milliseconds between two of a tenant
     * @returns seconds
     */
    next(tenant: string, soonest: number, interval: number): number {
      const now = clock.now();
      const at = Math.max(now + soonest, promised.get(tenant) ?? now);
      promised.delete(tenant);
      promised.set(tenant, Math.min(at + interval, now + LONGEST_RETRY * 1000));
      const [oldest] = promised.size > MAX_SENT_AWAY ? promised.keys() : [];
      if (oldest !== undefined) promised.delete(oldest);
      return Math.min(LONGEST_RETRY, Math.max(1, Math.ceil((at - now) / 1000)));
    },
  };
}
