import type { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import type { LicenseKey } from '#shared/model/license-key.ts';

/** What a machine tells of itself when it asks for a seat; kept with the session for whoever administers the licence. */
export interface HolderDetails {
  readonly user_email: string | null;
  readonly hostname: string | null;
  readonly platform: string | null;
  readonly client_version: string | null;
}

/** A seat that is, or is about to be, its holder's. */
export interface Grant {
  readonly license: License;
  readonly sessionId: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly seatsUsed: number;
}

/** One machine's request for a seat of one licence. */
export interface Wish<Issued> {
  readonly key: LicenseKey;
  /** The hashed hardware id. */
  readonly holder: string;
  readonly details: HolderDetails;
  /** Aborted when the caller has gone; then it gets no seat. */
  readonly signal: AbortSignal;
  /** Signs the licence for a grant; begun beside the commit, and of no use to anybody unless that succeeds. */
  readonly issue: (grant: Grant) => Promise<Issued>;
  /** The nonces of the sessions that were attempted for this wish: a holder that names one of them is our own success. */
  readonly attempts: Set<string>;
}

/** A session was made for this request (`created`), or the machine had one already. */
export interface Granted<Issued> {
  readonly kind: 'granted';
  readonly grant: Grant;
  readonly created: boolean;
  readonly issued: Promise<Issued>;
}

export type Outcome<Issued> = Granted<Issued> | { readonly kind: 'refused'; readonly fault: Fault };
