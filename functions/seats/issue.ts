import { signLicenseToken } from '#shared/crypto/jws.ts';
import { type LicenseClaims, signLicense } from '#shared/crypto/license.ts';
import type { Signer } from '#shared/crypto/signer.ts';
import type { Logger } from '#shared/http/log.ts';
import type { KeyDirectory } from '#shared/keys/directory.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { LicenseKey } from '#shared/model/license-key.ts';
import { formatTime } from '#shared/model/time.ts';
import type { Grant } from './wish.ts';

export type TokenFormat = 'signed-json' | 'jws';

export interface IssueOptions {
  readonly keys: Pick<KeyDirectory, 'signingKey'>;
  readonly signer: Signer;
  readonly clock: Clock;
  /** The `iss` of tokens. */
  readonly issuer: string;
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
export function createIssue({ keys, signer, clock, issuer, unsignedFallback }: IssueOptions) {
  async function sign(claims: LicenseClaims, format: TokenFormat): Promise<Issued> {
    const key = await keys.signingKey();
    const now = clock.now();
    return format === 'jws'
      ? { license_token: await signLicenseToken(claims, issuer, key, signer, now) }
      : { license_data: await signLicense(claims, key, signer, now) };
  }

  return async (grant: Grant, holder: Holder, format: TokenFormat, log: Logger): Promise<Issued> => {
    const claims = claimsFor(grant, holder, clock.now());
    try {
      return await sign(claims, format);
    } catch (error) {
      if (!unsignedFallback || format === 'jws' || !isFault(error, 'signing_unavailable')) throw error;
      log.log('ALERT', 'unsigned_fallback', { license_id: grant.license.id, error });
      const signed_at = formatTime(clock.now());
      return { license_data: { ...claims, signed_at, key_version: null, signature_algorithm: null, signature: null } };
    }
  };
}

function claimsFor({ license, sessionId }: Grant, { key, hardwareId, userEmail }: Holder, now: number): LicenseClaims {
  const validUntil = Math.min(license.expires_at, now + license.offline_seconds * 1000);
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
    valid_until: formatTime(validUntil),
  };
}
