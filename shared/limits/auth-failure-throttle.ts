import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../model/clock.ts';
import { isFault } from '../model/errors.ts';
import { createLocalLimit } from './local-limit.ts';
import { rateLimited, rateLimitHeaders } from './rate-limit-status.ts';

/** The faults that a caller with a guessed credential gets. */
const AUTH_FAILURES = ['unauthenticated', 'license_not_found', 'session_not_found'] as const;

/** Failures an hour that are answered without delay. Each further one is delayed this much longer. */
const UNDELAYED = 20;
const STEP_MILLISECONDS = 5;

/** What to send for a failed request. */
export interface ThrottledFailure {
  readonly error: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Slows down and then blocks addresses that try credentials which do not exist. */
export interface AuthFailureThrottle {
  /**
   * Counts an authentication failure of an address. The more failures in the hour, the later the returned promise
   * resolves; beyond the limit the error becomes the Fault `rate_limited`. Other errors are returned unchanged.
   * Callers with valid credentials behind the same address are not affected.
   */
  throttle(address: string, error: unknown): Promise<ThrottledFailure>;
}

export interface AuthFailureThrottleOptions {
  readonly clock: Clock;
  /** Authentication failures an hour and address. */
  readonly limit: number;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export function createAuthFailureThrottle({
  clock,
  limit,
  wait = sleep,
}: AuthFailureThrottleOptions): AuthFailureThrottle {
  const byNetwork = createLocalLimit({ clock, limit });
  return {
    async throttle(address, error) {
      if (!isFault(error, ...AUTH_FAILURES)) return { error, headers: {} };
      const status = byNetwork.take(networkOf(address));
      const headers = rateLimitHeaders(status);
      if (!status.allowed) return { error: rateLimited(status), headers };
      const delayed = byNetwork.count(networkOf(address)) - UNDELAYED;
      if (delayed > 0) await wait(delayed * STEP_MILLISECONDS);
      return { error, headers };
    },
  };
}

/**
 * The network that an address is counted under: an IPv4 address itself, an IPv6 address its /64, which is what one
 * household or office gets.
 */
export function networkOf(address: string): string {
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
