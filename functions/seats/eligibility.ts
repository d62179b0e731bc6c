import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { hashLicenseKey, sameDigest } from '#shared/model/license-key.ts';

export const licenseNotFound = (): Fault =>
  new Fault('license_not_found', 'The key was typed wrongly, replaced, or never issued.');

/** Why a key may not use a licence, whether or not a seat is free; undefined when it may. */
export function ineligibility(key: LicenseKey, license: License, now: number): Fault | undefined {
  const hash = hashLicenseKey(key);
  const matches = license.keys.some(
    (known) => sameDigest(known.hash, hash) && (known.until === null || known.until > now),
  );
  if (!matches) return licenseNotFound();
  if (license.archived) return licenseNotFound();
  const { expires_at } = license;
  if (expires_at !== null && expires_at <= now) {
    return new Fault('license_expired', `The validity of the licence ended at ${formatTime(expires_at)}.`);
  }
  if (license.status === 'suspended')
    return new Fault('license_suspended', 'No seat can be acquired until the vendor reinstates the licence.');
  return undefined;
}
