import type { JsonObject } from '../json.ts';
import type { KeyListName } from '../keys/public-key.ts';

/** How a licence was signed: canonical JSON, a compact JWS, or one signature over a batch of many. */
export type LicenseForm = 'signed-json' | 'jws' | 'batch';

/** The times of a licence, in milliseconds since the epoch. */
export interface LicenseTimes {
  readonly signedAt?: number;
  /** When the licence itself ends. */
  readonly expiresAt?: number;
  /** Until when this copy works without asking the server. */
  readonly validUntil?: number;
}

/**
 * A licence whose signature, times and bindings are in order.
 * @typeParam Claims what the program expects to have been signed, `SeatClaims` for one
 */
export interface ValidLicense<Claims extends object = JsonObject> extends LicenseTimes {
  readonly valid: true;
  readonly form: LicenseForm | 'unsigned';
  /** The members that were signed, as they were signed: look at these and never at what was passed in. */
  readonly claims: Claims;
  /** Undefined for unsigned data alone, which is refused unless `allowUnsigned` is set. */
  readonly keyVersion?: string;
  /** The key list that names the key, for keys that follow from a root; in a licence file its own, whose end does not count. */
  readonly keyList?: KeyListName;
}

/** Why a licence is not to be relied on, with what to do about it. */
const MESSAGES = {
  malformed: 'This is no licence: pass the license_data or license_token of an acquire answer, unchanged.',
  unsigned:
    'The licence carries no signature: the server could not sign. Ask again later; allowUnsigned accepts such data, and with it anything that anybody writes.',
  unknown_key:
    'The licence names a key that is not among the keys given: update the pinned keys, or fetch them from the server.',
  keys_unavailable: 'The public keys could not be fetched and none are cached: check the connection, or pin the keys.',
  untrusted_keys:
    'The key list is not signed on behalf of the root key that is pinned here: check the URL, and which root key is pinned.',
  keys_expired:
    'The key list that is known here is too old: connect, so that a newer one can be fetched, and check the clock of this machine.',
  revoked: 'The licence was signed with a key that has been revoked: acquire it again.',
  wrong_nonce: 'The licence does not repeat the nonce of the request: it is an answer to another one, or a recording.',
  wrong_kind: 'What was signed is no licence of a seat: pass the licence of an acquire answer.',
  bad_signature:
    'The signature does not fit: the licence was changed after signing, or is a forgery. Acquire it again.',
  not_yet_valid: 'The licence was signed in the future of this clock: set the clock of this machine.',
  clock_turned_back: 'The clock of this machine is behind a time that has been seen before: set it, or go online once.',
  expired: 'The licence has ended: renew it with your vendor.',
  stale: 'This copy of the licence has been offline for too long: connect and acquire it again.',
  wrong_hardware: 'The licence was issued to another machine: acquire one on this machine.',
  missing_feature: 'The licence does not include a feature that was asked for: ask your vendor for it.',
  wrong_product: 'The licence is for another product: use the licence key of this one.',
  wrong_issuer: 'The token was issued by another service: check the issuer and the URL of the server.',
};

export type RefusalReason = keyof typeof MESSAGES;

export interface RefusedLicense {
  readonly valid: false;
  readonly reason: RefusalReason;
  /** What happened and what to do, for a person. */
  readonly message: string;
}

export type LicenseCheck<Claims extends object = JsonObject> = ValidLicense<Claims> | RefusedLicense;

/** @internal */
export const refuse = (reason: RefusalReason): RefusedLicense => ({ valid: false, reason, message: MESSAGES[reason] });
