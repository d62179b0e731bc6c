import type { LicenseClaims } from '#shared/crypto/license.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { formatTime } from '#shared/model/time.ts';
import type { SignClaims } from '#shared/signing/sign-claims.ts';
import type { AcquireRequest } from './acquire-request.ts';
import type { Lease } from './lease.ts';
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
  const cache = createSignatureCache<SignedLicense>({ clock });

  async function signOrReuse(claims: LicenseClaims, validUntil: number, lease: Lease, request: AcquireRequest) {
    const key = await keys.signingKey();
    // The key version is part of the cache's key, so a cached signature does not outlive its key here. So are the
    // offline seconds: an administrator may have changed them, and the claims do not show it.
    const { tokenFormat } = request;
    const of = { claims, format: tokenFormat, key: key.keyVersion, offline: lease.license.offline_seconds };
    return cache.get(of, validUntil, () => sign({ ...claims, valid_until: formatTime(validUntil) }, tokenFormat, key));
  }

  return async (lease, request) => {
    const { license } = lease;
    const claims = claimsFor(lease, request);
    const validUntil = Math.min(license.expires_at, clock.now() + license.offline_seconds * 1000);
    try {
      return await signOrReuse(claims, validUntil, lease, request);
    } catch (error) {
      if (!unsignedFallback || request.tokenFormat === 'jws' || !isFault(error, 'signing_unavailable')) throw error;
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
