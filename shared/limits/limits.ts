import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { Identity } from '../model/principal.ts';
import type { Counter } from '../store/store.ts';
import { createAuthFailureThrottle, type ThrottledFailure } from './auth-failure-throttle.ts';
import type { RateLimitStatus } from './rate-limit-status.ts';
import { createSharedLimit } from './shared-limit.ts';

/** The rate limits of one function. */
export interface Limits {
  /**
   * Counts requests of a user or a service; undefined for other callers, which have no limit of their own.
   * @param count of a batch; default 1
   */
  take(identity: Identity, count?: number): Promise<RateLimitStatus | undefined>;
  /** Counts and delays failed authentications of callers without a verified token; see `AuthFailureThrottle`. */
  throttleFailure(address: string, error: unknown): Promise<ThrottledFailure>;
}

export interface LimitsOptions {
  readonly counter: Counter | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests an hour of one user or service. */
  readonly callerLimit: number;
  /** Authentication failures an hour and address. */
  readonly strangerLimit: number;
}

/** Requests for one write to the store. Each instance may be off by at most one slice. */
const SLICE = 50;

export function createLimits({ counter, clock, log, callerLimit, strangerLimit }: LimitsOptions): Limits {
  const throttle = createAuthFailureThrottle({ clock, limit: strangerLimit });
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
    take: async (identity, count) => {
      const subject = subjectOf(identity);
      return subject === undefined ? undefined : callers?.take(subject, count);
    },
    throttleFailure: (address, error) => throttle.throttle(address, error),
  };
}

/** The scheduler is ours, and callers without a token are limited by their authentication failures. */
function subjectOf(identity: Identity): string | undefined {
  switch (identity.kind) {
    case 'user':
      return `user:${identity.uid}`;
    case 'service':
      return `service:${identity.email}`;
    case 'portal':
      return `portal:${identity.sessionId}`;
    case 'scheduler':
      return undefined;
    default:
      return identity satisfies never;
  }
}
