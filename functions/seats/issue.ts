import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { LicenseKey } from '#shared/model/license-key.ts';
import type { Logger } from '#shared/model/logger.ts';
import { formatTime } from '#shared/model/time.ts';
import type { SignClaims, TokenFormat } from '#shared/signing/sign-claims.ts';
import { createReuse } from './reuse.ts';
import type { Grant } from './wish.ts';

export interface IssueOptions {
  readonly keys: Pick<KeyDirectory, 'signingKey'>;
  readonly sign: SignClaims;
  readonly clock: Clock;
  /** Hand out unsigned data when signing fails, for those who depend on it; clients refuse it unless told otherwise. */
  readonly unsignedFallback: boolean;
}

export interface Holder {
  readonly key: LicenseKey;
  readonly hardwareId: string;
  readonly userEmail: string | null;
}

export type Issued = { readonly license_data: Readonly<Record<string, unknown>> } | { readonly license_token: string };

/** Makes the signed licence that a grant's holder checks offline. @throws Fault `signing_unavailable` */
export function createIssue({ keys, sign, clock, unsignedFallback }: IssueOptions) {
  const reuse = createReuse<Issued>({ clock });

  async function signOnce(claims: LicenseClaims, validUntil: number, grant: Grant, format: TokenFormat) {
    const key = await keys.signingKey();
    const valid = { ...claims, valid_until: formatTime(validUntil) };
    // With the key, so that nothing outlives it here; with the offline time, which an administrator may have changed.
    const of = { claims, format, key: key.keyVersion, offline: grant.license.offline_seconds };
    return reuse.get(of, validUntil, () => sign(valid, format, key));
  }

  return async (grant: Grant, holder: Holder, format: TokenFormat, log: Logger): Promise<Issued> => {
    const now = clock.now();
    const claims = claimsFor(grant, holder);
    const validUntil = Math.min(grant.license.expires_at, now + grant.license.offline_seconds * 1000);
    try {
      return await signOnce(claims, validUntil, grant, format);
    } catch (error) {
      if (!unsignedFallback || format === 'jws' || !isFault(error, 'signing_unavailable')) throw error;
      log.log('ALERT', 'unsigned_fallback', { license_id: grant.license.id, error });
      const times = { valid_until: formatTime(validUntil), signed_at: formatTime(clock.now()) };
      return { license_data: { ...claims, ...times, key_version: null, signature_algorithm: null, signature: null } };
    }
  };
}

/** All but the times of the signature. */
function claimsFor({ license, sessionId }: Grant, { key, hardwareId, userEmail }: Holder): LicenseClaims {
  return {
    license_key: key.text,
    license_id: license.id,
    session_id: sessionId,
    tenant_id: license.tenant_id,
    tier: license.tier,
    features: license.features,
    max_seats: license.max_seats,
    hardware_id: hardwareId,
    user_email: userEmail,
    expires_at: formatTime(license.expires_at),
  };
}
