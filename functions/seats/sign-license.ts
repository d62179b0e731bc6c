import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { SignClaims } from '#shared/signing/sign-claims.ts';
import type { AcquireRequest } from './acquire-request.ts';
import type { Lease } from './lease.ts';
import { withinBudget } from './signature-budget.ts';
import { createSignatureCache } from './signature-cache.ts';

export interface SignLicenseOptions {
  readonly keys: Pick<KeyDirectory, 'signingKey'>;
  readonly sign: SignClaims;
  readonly clock: Clock;
  /** Answer with unsigned data when signing fails. Clients refuse such data unless they are configured to accept it. */
  readonly unsignedFallback: boolean;
}

export type SignedLicense =
  | { readonly license_data: Readonly<Record<string, unknown>> }
  | { readonly license_token: string };

/** Signs what the holder of a lease checks offline, in the format that the request names. */
export type SignLicense = (lease: Lease, request: AcquireRequest) => Promise<SignedLicense>;

/** @throws Fault `signing_unavailable`, from the returned function */
export function createSignLicense({ keys, sign, clock, unsignedFallback }: SignLicenseOptions): SignLicense {
  const signCached = createSignatureCache({ sign: withinBudget(sign, clock), clock });
  return async (lease, request) => {
    const { license } = lease;
    const format = request.tokenFormat;
    const claims = claimsFor(lease, request);
    const validUntil = Math.min(license.expires_at, clock.now() + license.offline_seconds * 1000);
    try {
      const key = await keys.signingKey();
      return await signCached({ claims, validUntil, offlineSeconds: license.offline_seconds, format, key });
    } catch (error) {
      if (!unsignedFallback || format === 'jws' || !isFault(error, 'signing_unavailable')) throw error;
      request.log.log('ALERT', 'unsigned_fallback', { license_id: license.id, error });
      const times = { valid_until: formatTime(validUntil), signed_at: formatTime(clock.now()) };
      return { license_data: { ...claims, ...times, key_version: null, signature_algorithm: null, signature: null } };
    }
  };
}

/** All claims except the times of the signature. */
function claimsFor({ license, sessionId }: Lease, { key, hardwareId, client }: AcquireRequest): LicenseClaims {
  return {
    license_key: key.text,
    license_id: license.id,
    session_id: sessionId,
    tenant_id: license.tenant_id,
    tier: license.tier,
    features: license.features,
    max_seats: license.max_seats,
    hardware_id: hardwareId,
    user_email: client.user_email,
    expires_at: formatTime(license.expires_at),
  };
}
