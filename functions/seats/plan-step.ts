import type { Fault } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import type { Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { Lease } from './lease.ts';

export type PlanStep = Refuse | Renew | Claim | Misread;

/** Ends the request with a fault; nothing is written. */
export interface Refuse {
  readonly kind: 'refuse';
  readonly request: AttemptedRequest;
  readonly fault: Fault;
}

/** Prolongs the session that the machine has: one write, which does not depend on those of other requests. */
export interface Renew {
  readonly kind: 'renew';
  readonly request: AttemptedRequest;
  readonly key: KeyRecord;
  /** Of the session that goes on. */
  readonly handle: string;
  readonly lease: Lease;
  /** An earlier attempt of this very request created the session. */
  readonly created: boolean;
  readonly write: Write;
}

/** Creates a session: several writes, applied together with those of the group's other claims. */
export interface Claim {
  readonly kind: 'claim';
  readonly request: AttemptedRequest;
  readonly key: KeyRecord;
  /** Of the session that begins, or that is borrowed for longer. */
  readonly handle: string;
  readonly lease: Lease;
  /** False when the machine had a session, which this one replaces. */
  readonly created: boolean;
  readonly writes: readonly Write[];
  /** It comes with a seat of its own, which the licence has to count in the same commit. */
  readonly makesSeat?: boolean;
}

/** The seat would be another holder's than was read: the request has to be resolved again. */
export interface Misread {
  readonly kind: 'misread';
  readonly request: AttemptedRequest;
}

export const refuse = (request: AttemptedRequest, fault: Fault): Refuse => ({ kind: 'refuse', request, fault });
