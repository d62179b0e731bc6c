import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { hashLicenseKey, sameDigest } from '#shared/model/license-key.ts';

export const licenseNotFound = (): Fault => new Fault('license_not_found', 'There is no licence with this key.');

/** Why a key may not use a licence, whether or not a seat is free; undefined when it may. */
export function ineligibility(key: LicenseKey, license: License, now: number): Fault | undefined {
  const hash = hashLicenseKey(key);
  const matches = license.keys.some(
    (known) => sameDigest(known.hash, hash) && (known.until === null || known.until > now),
  );
  if (!matches) return licenseNotFound();
  if (license.expires_at <= now) return new Fault('license_expired', 'The licence has expired.');
  if (license.status === 'suspended') return new Fault('license_suspended', 'The licence is suspended.');
  return undefined;
}
