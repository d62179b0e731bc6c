import type { License } from '../../api/types.ts';

/** As much of a licence as the screens about its seats need; the portal knows no more. */
export type HeldLicense = Pick<License, 'license_id' | 'max_seats'> &
  Partial<Pick<License, 'lease_seconds' | 'offline_seconds'>>;
