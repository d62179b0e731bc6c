import type { ValidLicense } from '../license/result.ts';
import { isBorrowed } from '../license/strict.ts';
import type { VerifiedAcquire, VerifiedHeartbeat } from './acquire-and-verify.ts';
import type { Granted, ReleaseResult } from './api.ts';
import type { Backoff } from './backoff.ts';
import type { WhyNothing } from './cache.ts';
import type { SeatError } from './error.ts';
import type { LossReason, SeatEvent } from './events.ts';
import type { SeatState } from './seat.ts';

/** A session, and until when its seat is nobody else's. */
export interface Lease {
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** What the program asks for beside holding the seat. */
export type Wish = { readonly name: 'borrow'; readonly seconds: number | undefined } | { readonly name: 'return' };

/** Everything that decides what a seat does next. Times are milliseconds, on the trusted clock. */
export interface SeatModel {
  readonly state: SeatState;
  /** The latest one that verified. */
  readonly license: ValidLicense;
  /** The session, as far as it is known to be alive. */
  readonly lease: Lease | undefined;
  /** Between heartbeats. */
  readonly interval: number;
  /** Calls without an answer, in a row. */
  readonly failures: number;
  /** The call under way, and when it began. There is one at a time. */
  readonly call: { readonly name: CallName; readonly since: number } | undefined;
  /** Begun as soon as no call is under way. */
  readonly wish: Wish | undefined;
  /** The licence is a file, for a machine without a network: nobody is asked anything. */
  readonly isFile: boolean;
  readonly renewNotBefore: number;
  /** What the session ended for, while the server is asked whether that still holds. */
  readonly verdict: LossReason | undefined;
}

type CallName = 'acquire' | 'renew' | 'heartbeat' | 'release' | Wish['name'];

/** What happens to a seat. */
export type SeatInput =
  /** The time that the last `wait` named, or a machine that woke. */
  | { readonly type: 'due' | 'woken' }
  | { readonly type: 'acquired'; readonly result: VerifiedAcquire }
  | { readonly type: 'heartbeat'; readonly result: VerifiedHeartbeat }
  /** The program gives the seat back. */
  | { readonly type: 'release' }
  | { readonly type: 'released'; readonly outcome: 'released' | 'still_held' | 'unknown' }
  | { readonly type: 'wish'; readonly wish: Wish }
  | { readonly type: 'borrowed'; readonly result: VerifiedAcquire }
  | { readonly type: 'returned'; readonly result: ReleaseResult }
  /** A page that is being hidden has sent its farewell, and forgets the session. */
  | { readonly type: 'abandon' };

/** What is to be done about it, in this order. */
export type SeatEffect =
  | { readonly type: 'acquire'; readonly timeout?: number }
  /** With `refresh` the licence is signed anew as well. */
  | { readonly type: 'heartbeat'; readonly sessionId: string; readonly refresh: boolean }
  | { readonly type: 'release' | 'release_unheard' | 'return'; readonly sessionId: string }
  | { readonly type: 'borrow'; readonly seconds: number | undefined }
  /** The wish has come true, unless there is an error. */
  | { readonly type: 'settle'; readonly error?: SeatError }
  | { readonly type: 'wait'; readonly milliseconds: number }
  /** Look at the clock now: a machine that wakes may be past the time. */
  | { readonly type: 'look' }
  | { readonly type: 'emit'; readonly event: SeatEvent }
  | { readonly type: 'forget'; readonly why: WhyNothing }
  /** Nothing more happens. */
  | { readonly type: 'end' };

export interface Step {
  readonly model: SeatModel;
  readonly effects: readonly SeatEffect[];
}

/** The surroundings at the moment of a step. */
export interface Moment {
  readonly now: number;
  readonly backoff: Backoff;
}

export const SHORTEST_WAIT = 1_000;
/** A borrowed seat is this machine's anyway: it is looked at now and then, whether it was recalled. */
const BORROWED_INTERVAL = 15 * 60_000;

export const over = ({ state }: SeatModel) => state === 'lost' || state === 'released';
export const endOf = ({ validUntil, expiresAt }: ValidLicense) => validUntil ?? expiresAt ?? Number.POSITIVE_INFINITY;
export const sessionIn = ({ claims }: ValidLicense) =>
  typeof claims['session_id'] === 'string' ? claims['session_id'] : undefined;

/**
 * What is to be given back at the end: the session as it is known, or that of an earlier run, which stands in its licence.
 * A borrowed seat outlives the program.
 */
export const sessionOf = ({ lease, failures, license }: SeatModel): string | undefined =>
  isBorrowed(license) ? undefined : (lease?.sessionId ?? (failures > 0 ? sessionIn(license) : undefined));

export const paceOf = ({ license, interval }: SeatModel) =>
  isBorrowed(license) ? Math.max(interval, BORROWED_INTERVAL) : interval;

export const leaseOf = ({ sessionId, leaseEndsAt }: Granted): Lease => ({ sessionId, endsAt: leaseEndsAt });

export const only = (model: SeatModel, ...effects: readonly SeatEffect[]): Step => ({ model, effects });

/** The end of the licence is looked at when it comes, whatever else is due. */
export const wait = ({ license }: SeatModel, pause: number, { now }: Moment): SeatEffect => ({
  type: 'wait',
  milliseconds: Math.max(SHORTEST_WAIT, Math.min(pause, endOf(license) - now)),
});
