import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { Counter } from '../store/store.ts';

/** The setting of every function that signs licences. */
export const budgetConfig = z.object({
  KMS_SIGNATURES_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'signatures a minute that Cloud KMS makes with the signing key, its quota: the instances lease slices of it from a shared counter; unset: no limit',
    ),
});

/** The right to request signatures, which the instances share. */
export interface SigningBudget {
  /**
   * Takes the right to one signature.
   * @param wanted how many more will be asked for soon; bounds what is leased with one RPC
   * @returns 0 when it is taken; otherwise it is not, and the milliseconds until it is worth asking again
   */
  take(wanted: number): Promise<number>;
  /** Milliseconds until the number-th signature from now may begin, as far as is known; `number` counts from 1. */
  waitFor(number: number): number;
}

/** No limit: for software keys, whose quota is out of reach. */
export const unlimitedBudget: SigningBudget = { take: async () => 0, waitFor: () => 0 };

export interface BudgetOptions {
  readonly counter: Counter;
  /** What the budget is for: instances with the same subject share it. */
  readonly subject: string;
  /** Signatures a minute, over all instances. */
  readonly perMinute: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Seconds. Budgets so small that ten seconds of them are few signatures are counted by the minute. */
const WINDOW = { short: 10, long: 60 };
const SHORT_FROM_PER_MINUTE = 60;
/** Any sixty seconds touch seven short windows, and together these have no more than the quota. */
const SAFE_PART = 6 / 7;
/** Seconds of an instance's share that it may spend at once after a pause. */
const BURST_SECONDS = 3;
/** Parts of a window's budget: at least one of the first is leased with one RPC, at most one of the second. */
const SLICES = { smallest: 100, largest: 8 };
/** The part of the budget that an instance spends without asking while the store fails: most deployments run fewer. */
const UNSHARED_PART = 16;
/** The part of the budget of which an instance takes what the others left: the rest is for those who wake. */
const UNDISPUTED_PART = 0.9;
/** The part of a window's budget that all instances together may be ahead of the time. */
const HEAD_START = 0.4;
/** Milliseconds before a failed store is asked again. */
const BACK_OFF = 10_000;

/** The budget of a function's settings. */
export const openBudget = (
  config: { readonly SIGNING_KEY: string; readonly KMS_SIGNATURES_PER_MINUTE?: number | undefined },
  parts: Pick<BudgetOptions, 'counter' | 'clock' | 'log'>,
): SigningBudget => {
  const { SIGNING_KEY: subject, KMS_SIGNATURES_PER_MINUTE: perMinute } = config;
  return perMinute === undefined ? unlimitedBudget : createSharedBudget({ ...parts, subject, perMinute });
};

/** The key whose quota is shared, and the quota. */
export type BudgetSubject = Pick<BudgetOptions, 'subject' | 'perMinute'>;

/** How a budget is divided: milliseconds of a window, signatures in it, and the document that counts them. */
function windowsOf({ subject, perMinute }: BudgetSubject) {
  const seconds = perMinute < SHORT_FROM_PER_MINUTE ? WINDOW.long : WINDOW.short;
  const budget = Math.max(1, Math.floor((perMinute * seconds * (seconds === WINDOW.short ? SAFE_PART : 1)) / 60));
  const hash = createHash('sha256').update(subject).digest('base64url');
  return { length: seconds * 1000, budget, pathOf: (number: number) => `limits/${hash}_${number}` };
}

/** The window of a moment, for whoever only looks: what may be signed in it, and the document with `leased`. */
export function budgetWindow(of: BudgetSubject, now: number) {
  const { length, budget, pathOf } = windowsOf(of);
  return { path: pathOf(Math.floor(now / length)), budget, seconds: length / 1000 };
}

/** What an instance knows of one window. */
interface Window {
  readonly number: number;
  /** Leased by this instance and not spent. */
  left: number;
  /** Leased by this instance. */
  mine: number;
  /** Leased by all instances, at this one's latest lease. */
  all: number;
  /** Instances that had leased by then. */
  instances: number;
}

/**
 * KMS's quota, shared by what the instances need: each leases slices of the running window from one counter. An instance
 * spends its share evenly, so that others find something left at any time. Its share is what the others left unused in the
 * window before; an equal part, or what it used itself, at least. The first lease of a window asks what they used. What is
 * leased and not spent is lost with the window.
 *
 * While the store fails, each instance spends a small part of the budget without asking, and KMS's own refusal bounds the
 * sum.
 */
export function createSharedBudget(options: BudgetOptions): SigningBudget {
  const { counter, clock, log } = options;
  const { length, budget, pathOf } = windowsOf(options);

  let window = emptyWindow(-1);
  let before = emptyWindow(-1);
  let failedUntil = Number.NEGATIVE_INFINITY;
  /** When the next signature is due, if nothing had been saved up. */
  let due = Number.NEGATIVE_INFINITY;

  const current = (now: number): Window => {
    const number = Math.floor(now / length);
    if (number !== window.number) {
      before = number === window.number + 1 ? window : emptyWindow(number - 1);
      window = emptyWindow(number);
    }
    return window;
  };
  const isUnshared = (now: number) => now < failedUntil;

  /** Signatures of a window that this instance may make. */
  function share(now: number): number {
    if (isUnshared(now)) return Math.max(1, budget / UNSHARED_PART);
    const others = Math.max(before.all - before.mine, window.all - window.mine);
    const equal = budget / Math.max(1, before.instances, window.instances);
    return Math.max(equal, before.mine, UNDISPUTED_PART * budget - others);
  }

  /** When the next signature may begin, and the time between those after it. */
  function pace(now: number) {
    const interval = length / share(now);
    const saved = Math.max(1, Math.floor((BURST_SECONDS * 1000) / interval)) - 1;
    return { next: Math.max(due, now - saved * interval), interval };
  }

  function spend(): void {
    const { next, interval } = pace(clock.now());
    due = next + interval;
  }

  const add = (number: number, leased: number, instances: number) =>
    counter.add(
      pathOf(number),
      [
        ['leased', leased],
        ['instances', instances],
      ],
      (number + 3) * length,
    );

  async function lease(held: Window, wanted: number): Promise<void> {
    const [smallest, largest] = [Math.ceil(budget / SLICES.smallest), Math.ceil(budget / SLICES.largest)];
    const slice = Math.min(largest, Math.max(smallest, wanted));
    const isFirst = held.mine === 0;
    held.mine += slice;
    const [[all = budget, instances = 1], ended] = await Promise.all([
      add(held.number, slice, isFirst ? 1 : 0),
      isFirst ? add(held.number - 1, 0, 0) : undefined,
    ]);
    held.all = Math.max(held.all, all);
    held.instances = Math.max(held.instances, instances);
    held.left += Math.max(0, Math.min(slice, budget - (all - slice)));
    if (ended !== undefined && before.number === held.number - 1) {
      const [endedAll = 0, endedInstances = 0] = ended;
      before = { ...before, all: Math.min(budget, endedAll), instances: endedInstances };
    }
  }

  /** Nothing is saved up while there is nothing to lease: or each window would begin with a burst and end with nothing. */
  function blockedUntil(time: number, now: number): number {
    due = Math.max(due, time);
    return Math.max(1, time - now);
  }

  const nextWindow = (held: Window) => (held.number + 1) * length;

  /** When the instances together are no more ahead of the time than they may be, as far as this one knows. */
  const mayLeaseAt = ({ number, all }: Window) =>
    all >= budget ? (number + 1) * length : (number + all / budget - HEAD_START) * length;

  return {
    async take(wanted) {
      const now = clock.now();
      const held = current(now);
      const wait = pace(now).next - now;
      if (wait > 0) return wait;
      if (!isUnshared(now) && held.left === 0) {
        if (mayLeaseAt(held) > now) return blockedUntil(mayLeaseAt(held), now);
        await lease(held, wanted).catch((error) => {
          failedUntil = clock.now() + BACK_OFF;
          log.log('ALERT', 'kms_budget_unshared', { error });
        });
      }
      if (!isUnshared(clock.now())) {
        if (held.left === 0) return blockedUntil(nextWindow(held), clock.now());
        held.left -= 1;
      }
      spend();
      return 0;
    },

    waitFor(number) {
      const now = clock.now();
      const held = current(now);
      const { next, interval } = pace(now);
      const first = isUnshared(now) || held.left > 0 ? next : Math.max(next, mayLeaseAt(held));
      return Math.max(0, first + (number - 1) * interval - now);
    },
  };
}

const emptyWindow = (number: number): Window => ({ number, left: 0, mine: 0, all: 0, instances: 0 });
