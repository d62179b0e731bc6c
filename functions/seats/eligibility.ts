import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import { type KeyFields, type KeyRecord, keyWorks } from '#shared/model/key-record.ts';
import { type License, lendsUntil } from '#shared/model/license.ts';

/** What an eligible request is decided by. */
export interface Terms {
  readonly license: License;
  readonly key: KeyRecord;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const licenseNotFound = (): Fault =>
  new Fault('license_not_found', 'The key was typed wrongly, replaced, or never issued.');

/**
 * Why a key may not use its licence, whether or not a seat is free; undefined when it may.
 * @param key undefined when the licence has no such key
 */
export function ineligibility(
  key: Pick<KeyFields, 'until'> | undefined,
  license: License,
  now: number,
): Fault | undefined {
  if (key === undefined || !keyWorks(key, now) || license.archived) return licenseNotFound();
  const end = lendsUntil(license);
  if (end <= now) {
    return new Fault('license_expired', `The validity of the licence ended at ${formatTime(end)}.`);
  }
  if (license.status === 'suspended')
    return new Fault('license_suspended', 'No seat can be acquired until the vendor reinstates the licence.');
  if (license.next_lease_per !== null)
    return new Fault('dependency_unavailable', 'The licence is being changed.', { retryAfter: 1 });
  return undefined;
}
