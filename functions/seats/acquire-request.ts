import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { TokenFormat } from '#shared/signing/sign-claims.ts';

/** What a client reports about itself. It is stored with the session for the administrators and decides nothing. */
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
  readonly log: Logger;
}

/** One machine's request for a seat of one licence. */
export interface AcquireRequest extends LicenseSubject {
  /** The id of the key's document. */
  readonly keyHash: string;
  /** The id of the machine's holder document: the hash of licence id and hardware id. */
  readonly holderId: string;
  readonly client: ClientDetails;
  /** Which of the machine's programs asks. */
  readonly program?: string | undefined;
  /** Aborted when the caller disconnects; an aborted request takes no seat. */
  readonly signal: AbortSignal;
}

/** A request as one attempt sees it. Each attempt draws a nonce, from which the id of the session it may create derives. */
export interface AttemptedRequest extends AcquireRequest {
  readonly nonce: string;
  /** The nonces of earlier attempts. A holder document with one of them shows that an attempt believed lost was applied. */
  readonly earlierNonces: readonly string[];
}

/** The outcome of an aborted request. Nobody reads it; it keeps the request from being taken for one that waits. */
export const callerGone = (): Fault => new Fault('dependency_unavailable', 'The caller has disconnected.');
