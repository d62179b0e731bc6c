import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import { LONGEST_FILE } from '#shared/license-format/license-file.ts';
import { formatTime, formatTimeOrNull } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { copiesUntil, endOf } from '#shared/model/license.ts';
import type { SignClaims } from '#shared/signing/sign-claims.ts';
import type { LicenseSubject } from './acquire-request.ts';
import type { Lease } from './lease.ts';
import { createSignatureBudget, type SignatureBudget } from './signature-budget.ts';
import { createSignatureCache } from './signature-cache.ts';

export interface SignLicenseOptions {
  readonly keys: Pick<KeyDirectory, 'signingKey'>;
  readonly sign: SignClaims;
  readonly clock: Clock;
  /** Answer with unsigned data when signing fails. Clients refuse such data unless they are configured to accept it. */
  readonly unsignedFallback: boolean;
  /** Default: one of its own. */
  readonly budget?: Pick<SignatureBudget, 'within'>;
}

export type SignedLicense =
  | { readonly license_data: Readonly<Record<string, unknown>> }
  | { readonly license_token: string }
  | { readonly license_file: string };

/** Signs what the holder of a lease checks offline, in the format that the request names. */
export type SignLicense = (lease: Lease, subject: LicenseSubject) => Promise<SignedLicense>;

/** @throws Fault `signing_unavailable`, from the returned function */
export function createSignLicense(options: SignLicenseOptions): SignLicense {
  const { keys, sign, clock, unsignedFallback, budget = createSignatureBudget(clock) } = options;
  const signCached = createSignatureCache({ sign: budget.within(sign), clock });
  return async (lease, subject) => {
    const { license } = lease;
    const format = subject.tokenFormat;
    const now = clock.now();
    const longest = format === 'file' ? now + LONGEST_FILE : Number.POSITIVE_INFINITY;
    const validUntil = Math.min(validUntilOf(lease, now), longest);
    const claims = { ...claimsFor(lease, subject), ...(validUntil > endOf(license) ? { in_grace: true } : {}) };
    try {
      const key = await keys.signingKey();
      return await signCached({
        claims: { ...claims, keys_sequence: key.keysSequence },
        validUntil,
        coveredUntil: subject.clientNonce === undefined ? coveredUntil(lease, validUntil) : 0,
        format,
        key,
      });
    } catch (error) {
      const canBeUnsigned = format === 'signed-json' || format === 'batch';
      if (!unsignedFallback || !canBeUnsigned || !isFault(error, 'signing_unavailable')) throw error;
      subject.log.log('ALERT', 'unsigned_fallback', { license_id: license.id, error });
      const times = { valid_until: formatTime(validUntil), signed_at: formatTime(clock.now()) };
      return { license_data: { ...claims, ...times, key_version: null, signature_algorithm: null, signature: null } };
    }
  };
}

/** A copy that nothing else prolongs has to cover the lease; a borrowed one ends with its borrowed time. */
const coveredUntil = ({ expiresAt, borrowed }: Lease, validUntil: number): number =>
  borrowed === undefined ? expiresAt : validUntil;

/**
 * How long a copy works without the server: as long as the lease that is committed, or the licence's offline time if that
 * is longer; never past the end of what is lent, and never later than what the session's document says, since a seat may be
 * free when the last copy has ended.
 */
const validUntilOf = ({ license, expiresAt, copyUntil, borrowed }: Lease, now: number): number =>
  borrowed !== undefined
    ? Math.min(borrowed.until, copiesUntil(license, now))
    : Math.min(copyUntil, copiesUntil(license, now), Math.max(expiresAt, now + license.offline_seconds * 1000));

/** All claims except the times of the signature and the key list's number. */
function claimsFor({ license, sessionId, borrowed }: Lease, subject: LicenseSubject): LicenseClaims {
  const { key, hardwareId, client, clientNonce, handle } = subject;
  return {
    kind: 'seat',
    ...(borrowed === undefined ? { mode: 'online' } : { mode: 'borrowed', borrowed_until: formatTime(borrowed.until) }),
    ...(clientNonce === undefined ? {} : { nonce: clientNonce }),
    ...(handle === undefined ? { license_key: key.text, session_id: sessionId } : { session: handle }),
    license_id: license.id,
    tenant_id: license.tenant_id,
    product: license.product,
    tier: license.tier,
    features: license.features,
    max_seats: license.max_seats,
    hardware_id: hardwareId,
    user_email: client.user_email,
    expires_at: formatTimeOrNull(license.expires_at),
    offline_seconds: license.offline_seconds,
    ...(license.updates_until === null ? {} : { updates_until: formatTime(license.updates_until) }),
  };
}
