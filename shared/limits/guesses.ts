import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../model/clock.ts';
import { isFault } from '../model/errors.ts';
import { createLocalLimit } from './local-limit.ts';
import { type Standing, standingHeaders, tooMany } from './standing.ts';

/** Refusals that say "no such credential", which is what somebody who guesses gets to hear. */
const GUESSED_WRONG = ['unauthenticated', 'license_not_found', 'session_not_found'] as const;

/** Guesses that are answered at once; each further one in the hour waits this much longer. */
const FREE_GUESSES = 20;
const STEP_MILLISECONDS = 5;

export interface Guesses {
  /**
   * Counts a refusal that could be a wrong guess, answers it later the more there were, and turns it into 429 beyond
   * the limit. Callers with valid credentials behind the same address never get here.
   */
  answer(
    address: string,
    error: unknown,
  ): Promise<{ readonly error: unknown; readonly headers: Record<string, string> }>;
}

export interface GuessesOptions {
  readonly clock: Clock;
  /** Wrong guesses an hour and address. */
  readonly limit: number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export function createGuesses({ clock, limit, wait = sleep }: GuessesOptions): Guesses {
  const byAddress = createLocalLimit({ clock, limit });
  return {
    async answer(address, error) {
      if (!isFault(error, ...GUESSED_WRONG)) return { error, headers: {} };
      const standing: Standing = byAddress.take(network(address));
      const headers = standingHeaders(standing);
      if (!standing.allowed) return { error: tooMany(standing), headers };
      const further = byAddress.count(network(address)) - FREE_GUESSES;
      if (further > 0) await wait(further * STEP_MILLISECONDS);
      return { error, headers };
    },
  };
}

/** One household or office has a /64 of IPv6 to itself; its addresses count as one. */
export function network(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::', 2);
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
