import * as z from 'zod';
import type { Document, UpdateTime } from '../store/store.ts';

export const TIERS = ['trial', 'starter', 'professional', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

/** Default seconds that a copy of a licence works offline. */
export const OFFLINE_SECONDS: Readonly<Record<Tier, number>> = {
  trial: 24 * 3600,
  starter: 24 * 3600,
  professional: 72 * 3600,
  enterprise: 168 * 3600,
};

export const DEFAULT_LEASE_SECONDS = 360;
export const MAX_SEATS = 100_000;

export const LICENSE_STATUSES = ['active', 'suspended'] as const;

const integer = z.number().int();

/** `licenses/{license_id}`. Times are milliseconds since the epoch. */
export const licenseFields = z.object({
  tenant_id: z.string(),
  tier: z.enum(TIERS),
  features: z.union([z.array(z.string()), z.record(z.string(), z.union([z.string(), z.boolean(), integer]))]),
  status: z.enum(LICENSE_STATUSES),
  max_seats: integer,
  /** How many seat documents there are, in every state exactly. */
  seats: integer,
  /** The number of the next seat document to be made; numbers are never used again. */
  next_seat: integer,
  /** A change of `seats` towards its target is in progress, or was interrupted by a crash. */
  reconciling: z.boolean(),
  expires_at: integer,
  lease_seconds: integer,
  offline_seconds: integer,
  /** SHA-256 of the keys that open it; an old one until its grace ends. */
  keys: z.array(z.object({ hash: z.string(), until: integer.nullable() })),
  created_at: integer,
});

export type LicenseFields = z.output<typeof licenseFields>;

export interface License extends LicenseFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

/** @throws ZodError when the document is not what we write */
export const readLicense = ({ id, fields, updateTime }: Document): License => ({
  ...licenseFields.parse(fields),
  id,
  updateTime,
});

/** The number of seat documents that a licence should have: none while suspended, so that no acquire finds one. */
export const seatTarget = ({ status, max_seats }: Pick<License, 'status' | 'max_seats'>): number =>
  status === 'active' ? max_seats : 0;

/** More seats exist than the licence has. Until they are removed nothing is lent, or clients could win them all back. */
export const isShrinking = ({ seats, max_seats }: Pick<License, 'seats' | 'max_seats'>): boolean => seats > max_seats;
