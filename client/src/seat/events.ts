import type { RefusalReason, ValidLicense } from '../license/result.ts';
import { ADVICE, type Refusal } from './error.ts';
import type { FailureCode } from './failure.ts';

/** Why a seat is gone for good. Everything else is mended without bothering the program. */
export type LossReason =
  /** An administrator took the seat back. */
  | 'admin_released'
  | 'license_suspended'
  | 'license_expired'
  /** The key has been replaced, or the licence deleted. */
  | 'license_not_found'
  /** The lease ended while nothing could be reached, and others have taken all seats since. */
  | 'no_seats_available'
  /** No fresh licence could be had until `valid_until`, and now the one at hand has ended. */
  | 'offline_too_long'
  /** The licence is per user, and its user has taken the seat to another machine. */
  | 'moved'
  /** Another holder of the licence key has freed the seat. */
  | 'self_released'
  /** An administrator has taken a borrowed seat back before its time. */
  | 'recalled'
  /** The time for which the seat was borrowed is over, and no other one could be had. */
  | 'borrow_ended'
  /** Any other refusal, by its code: the terms of the licence have changed. */
  | Exclude<Refusal, 'no_seats_available'>;

/** What happens to a seat. Times are milliseconds since the epoch. */
export type SeatEvent =
  /** The seat is ours, first or again. */
  | {
      readonly type: 'held';
      readonly license: ValidLicense;
      readonly leaseEndsAt: number;
      readonly seatsUsed: number;
      readonly seatsTotal: number;
    }
  /** The seat is borrowed: it is this machine's until then, without the server and however often the program ends. */
  | { readonly type: 'borrowed'; readonly license: ValidLicense; readonly borrowedUntil: number }
  /**
   * All seats are in use, and this machine has a place in the queue: told when it changes. The server is asked again in
   * `pollAfter` milliseconds, and until `waitUntil`.
   */
  | {
      readonly type: 'queued';
      readonly position: number;
      /** False when the position is only known to be as high as this. */
      readonly positionExact: boolean;
      readonly queueLength: number;
      readonly pollAfter: number;
      readonly waitUntil: number | undefined;
      /** Milliseconds, where the server has an estimate. */
      readonly estimatedWait: number | undefined;
    }
  /** A fresh signature is being asked for. */
  | { readonly type: 'renewing'; readonly validUntil: number | undefined }
  /**
   * The server does not answer, for the reason that `code` and `message` say. The program may go on until `validUntil`;
   * another may take the seat after `leaseEndsAt`.
   */
  | {
      readonly type: 'offline';
      readonly code: FailureCode;
      readonly message: string;
      readonly since: number;
      readonly leaseEndsAt: number | undefined;
      readonly validUntil: number | undefined;
      readonly cause: unknown;
    }
  /** The server answers again, and the seat is still ours. */
  | { readonly type: 'online'; readonly leaseEndsAt: number }
  /** All seats are in use. While `wait` lasts it is tried again at `retryAt`. */
  | {
      readonly type: 'denied';
      readonly seatsUsed: number;
      readonly seatsTotal: number;
      readonly retryAt: number | undefined;
    }
  /** The licence of the last run, or one that the server answered, does not verify; one at hand stays in use. */
  | { readonly type: 'refused_license'; readonly reason: RefusalReason; readonly message: string }
  /** The list of public keys could not be fetched although the server answers. The known one serves until `until`. */
  | { readonly type: 'keys_not_updated'; readonly message: string; readonly until: number; readonly cause: unknown }
  /** Nothing can be kept for the next start here. The seat is held all the same. */
  | { readonly type: 'storage_unavailable'; readonly message: string; readonly cause: unknown }
  /** Nothing more comes after this. Save the work and stop. */
  | { readonly type: 'lost'; readonly reason: LossReason; readonly message: string }
  /**
   * Nothing more comes after this. `confirmed` false: the server did not hear of it, and the lease runs out by itself.
   * `stillHeld`: this machine goes on with the seat, for another program of it or since it is borrowed.
   */
  | { readonly type: 'released'; readonly confirmed: boolean; readonly stillHeld: boolean };

const MESSAGES: Readonly<Partial<Record<LossReason, string>>> = {
  ...ADVICE,

  admin_released: 'An administrator has taken the seat back: ask for another one, or talk to them.',
  license_suspended: 'The licence has been suspended: ask your vendor why.',
  license_expired: 'The licence has ended: renew it with your vendor.',
  license_not_found: 'The licence key is no longer known: ask for the new one.',
  no_seats_available:
    'The lease ran out while the server could not be reached, and all seats are taken: try again later.',
  offline_too_long: 'The licence could not be renewed for as long as it works offline: connect and start again.',
  invalid_request: 'The server does not understand this version of the library: update it.',
  moved: 'You have taken the seat to another machine: take it back by starting here again.',
  self_released: 'Another user of the licence has freed the seat: ask for another one.',
  borrow_ended: 'The time for which the seat was borrowed is over: connect and start again.',
  recalled: 'An administrator has taken the borrowed seat back: ask for another one, or talk to them.',
};

/** @internal */
export const lost = (reason: LossReason): SeatEvent => ({
  type: 'lost',
  reason,
  message: MESSAGES[reason] ?? reason,
});

export type SeatListener = (event: SeatEvent) => void;

/** Tells every listener, in order; one that throws hinders neither the others nor the seat. @internal */
export function createEmitter(): { emit: SeatListener; subscribe(listener: SeatListener): () => void } {
  const listeners = new Set<SeatListener>();
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error; // its own fault, reported as any uncaught error is
          });
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
