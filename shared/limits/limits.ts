import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { Principal } from '../model/principal.ts';
import type { Counter } from '../store/store.ts';
import { createGuesses } from './guesses.ts';
import { createSharedLimit } from './shared-limit.ts';
import type { Standing } from './standing.ts';

/** The limits of one function. */
export interface Limits {
  /** Counts a request of a user or a service; undefined for callers that have no allowance to exceed. */
  take(principal: Principal): Promise<Standing | undefined>;
  /** What to answer in place of a refusal, and with which headers; slow when many were guessed wrong. */
  refusal(
    address: string,
    error: unknown,
  ): Promise<{ readonly error: unknown; readonly headers?: Record<string, string> }>;
}

export interface LimitsOptions {
  readonly counter: Counter | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests an hour of one user or service. */
  readonly callerLimit: number;
  /** Wrong credentials an hour and address. */
  readonly strangerLimit: number;
}

/** One write for fifty requests; two instances together err by at most one slice each. */
const SLICE = 50;

export function createLimits({ counter, clock, log, callerLimit, strangerLimit }: LimitsOptions): Limits {
  const guesses = createGuesses({ clock, limit: strangerLimit });
  const callers =
    counter &&
    createSharedLimit({
      counter,
      clock,
      limit: callerLimit,
      slice: Math.min(SLICE, callerLimit),
      onFailure: (error) => log.log('ALERT', 'rate_limiter_open', { error }),
    });
  return {
    take: async (principal) => {
      const subject = subjectOf(principal);
      return subject === undefined ? undefined : callers?.take(subject);
    },
    refusal: (address, error) => guesses.answer(address, error),
  };
}

/** The scheduler is ours, and strangers are counted by what they guess wrong. */
function subjectOf(principal: Principal): string | undefined {
  switch (principal.kind) {
    case 'user':
      return `user:${principal.uid}`;
    case 'service':
      return `service:${principal.email}`;
    case 'scheduler':
    case 'anyone':
      return undefined;
    default:
      return principal satisfies never;
  }
}
