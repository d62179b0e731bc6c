import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { TokenFormat } from '#shared/signing/sign-claims.ts';

/**
 * What a client reports about itself. It is stored with the session for the administrators and decides nothing; where
 * seats are leased per user, `user_email` is the proven one.
 */
export interface ClientDetails {
  readonly user_email: string | null;
  readonly hostname: string | null;
  readonly platform: string | null;
  readonly client_version: string | null;
}

/** Who a signed licence is for, and in which form it is wanted. */
export interface LicenseSubject {
  readonly key: LicenseKey;
  /** As the client sent it; the signed licence repeats it. */
  readonly hardwareId: string;
  readonly client: Pick<ClientDetails, 'user_email'>;
  readonly tokenFormat: TokenFormat;
  /** Drawn by the client for this request; the signed licence repeats it, which shows that the answer is no recording. */
  readonly clientNonce?: string | undefined;
  /**
   * The handle of a session that an administrator has begun: the signed licence names it in place of the licence key and
   * the session id, which nobody has.
   */
  readonly handle?: string | undefined;
  readonly log: Logger;
}

/** A person whose token was verified. */
export interface SignedIn {
  readonly uid: string;
  /** Verified, and as `normalEmail` gives it. */
  readonly email: string;
}

/** For how long a seat is to be borrowed; undefined: as long as the licence allows. */
export interface BorrowRequest {
  readonly seconds: number | undefined;
}

/** One program's request for a seat of one licence. */
export interface AcquireRequest extends LicenseSubject {
  /** The id of the key's document. */
  readonly keyHash: string;
  /** The hash of licence id and hardware id. */
  readonly machine: string;
  readonly client: ClientDetails;
  /** The machine waits in the queue when no seat is free; undefined: it does not begin to wait. */
  readonly queue?: { readonly maxWaitSeconds: number } | undefined;
  /** Undefined: the seat is not to be borrowed. */
  readonly borrow?: BorrowRequest | undefined;
  /** Which of the machine's programs asks. */
  readonly program?: string | undefined;
  /** Which process of the machine asks, where each takes a seat of its own. */
  readonly processId?: string | undefined;
  /** Moves the user's seat here, although the licence leaves it where it is. */
  readonly takeOver?: boolean | undefined;
  /** The handle of a session of somebody else that is to end for this one. */
  readonly replace?: string | undefined;
  /**
   * Verifies the token that came with the request; asked only where it decides anything. A fault is a value, since it
   * counts only if the licence turns out to be leased per user.
   */
  readonly signIn?: (() => Promise<SignedIn | Fault>) | undefined;
  /**
   * An administrator asks in place of the machine, which is never online. There is no licence key, so the request brings
   * `ADMINISTRATOR_KEY`, and a random `key` from which nobody derives the session's id again.
   */
  readonly byAdministrator?: true | undefined;
  /** Aborted when the caller disconnects; an aborted request takes no seat. */
  readonly signal: AbortSignal;
}

/** A request for which it is known, as far as this instance has read, whose the seat will be. */
export interface HolderRequest extends AcquireRequest {
  /** The id of the holder document. */
  readonly holderId: string;
  /** The user's address, where seats are leased per user. */
  readonly userEmail: string | null;
  /** Who has signed in; undefined when nobody was asked. */
  readonly signedIn: SignedIn | Fault | undefined;
}

/** A request as one attempt sees it. Each attempt draws a nonce, from which the id of the session it may create derives. */
export interface AttemptedRequest extends HolderRequest {
  readonly nonce: string;
  /** The nonces of earlier attempts. A holder document with one of them shows that an attempt believed lost was applied. */
  readonly earlierNonces: readonly string[];
}

/** The outcome of an aborted request. Nobody reads it; it keeps the request from being taken for one that waits. */
export const callerGone = (): Fault => new Fault('dependency_unavailable', 'The caller has disconnected.');
