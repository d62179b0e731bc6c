import * as z from 'zod';
import type { Document, Fields, FieldValue, UpdateTime } from '../store/store.ts';
import { borrowTerms } from './borrow-terms.ts';
import { jsonText } from './json-text.ts';
import { seatRules } from './seat-rules.ts';
import { seatTerms } from './seat-terms.ts';

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

export const DEFAULT_PRODUCT = 'default';

/** The statuses that a change can set; a deletion archives. */
export const SETTABLE_STATUSES = ['active', 'suspended'] as const;
export const LICENSE_STATUSES = [...SETTABLE_STATUSES, 'archived'] as const;

/** When a released seat is free: immediately, or when the last signed copy of the licence has ended. */
export const RELEASE_MODES = ['at_once', 'after_copy'] as const;

/** `sessions`: each `session.…`; `seats`: `seats.…` and `seat.denied`. */
export const ANNOUNCEMENTS = ['sessions', 'seats'] as const;
export type Announcement = (typeof ANNOUNCEMENTS)[number];

export type Features = readonly string[] | { readonly [name: string]: string | number | boolean };
export type Metadata = { readonly [name: string]: FieldValue };

const integer = z.number().int();

/** `licenses/{license_id}`. Times are milliseconds since the epoch. */
export const licenseFields = z.object({
  tenant_id: z.string(),
  /** A slug; a licence for one product opens no other. */
  product: z.string(),
  tier: z.enum(TIERS),
  features: jsonText<Features>(),
  label: z.string().nullable(),
  /** The vendor's own identifier. */
  reference: z.string().nullable(),
  metadata: jsonText<Metadata>(),
  status: z.enum(LICENSE_STATUSES),
  /** Exactly when the status is `archived`: lists leave such licences out by an equality filter. */
  archived: z.boolean(),
  max_seats: integer,
  /** Whether `max_seats` is part of the tenant's `seats_allotted`. An ended licence keeps its part until another needs it. */
  allotted: z.boolean(),
  /** How many seat documents there are, in every state exactly. */
  seats: integer,
  /** The number of the next seat document to be made; numbers are never used again. */
  next_seat: integer,
  /** A change of `seats` towards its target is in progress, or was interrupted by a crash. */
  reconciling: z.boolean(),
  /** While `reconciling`: before this time there is nothing to do, because borrowed seats are waited for. */
  reconcile_at: integer,
  /** Null: the licence has no end. */
  expires_at: integer.nullable(),
  updates_until: integer.nullable(),
  lease_seconds: integer,
  offline_seconds: integer,
  release: z.enum(RELEASE_MODES),
  /** Null: its seats cannot be borrowed. */
  borrow: borrowTerms.nullable(),
  ...seatRules,
  ...seatTerms.shape,
  /** When its first seat was taken, if its time began then; null: it has not, or it began with its creation. */
  started_at: integer.nullable(),
  /** Seats could be borrowed at some time, so that there may be documents of borrowed seats. Never reset. */
  had_borrow: z.boolean(),
  /** What of its sessions somebody subscribes to: without it their commits write no event. */
  announces: z.array(z.enum(ANNOUNCEMENTS)).default([]),
  /** When the next notice of its end is due; null: none is left. */
  notice_due: integer.nullable().default(null),
  /** It had a named user or a key of one person at some time, so that whoever looks for a person looks there. Never reset. */
  names_people: z.boolean(),
  /** Counts the changes of its keys, which are documents of their own: each change is guarded by this document. */
  key_changes: integer,
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

/** The fields of a licence, or some of them, as its document has them. */
export const licenseDocument = (fields: Partial<LicenseFields>): Fields => encodeFields(fields);

const someFields = licenseFields.partial();
const encodeFields = (fields: Partial<LicenseFields>): Fields =>
  z.record(z.string(), z.custom<FieldValue>()).parse(z.encode(someFields, fields));

/** The end of a licence in milliseconds; infinite for a licence without an end. */
export const endOf = ({ expires_at }: Pick<LicenseFields, 'expires_at'>): number =>
  expires_at ?? Number.POSITIVE_INFINITY;

export const hasEnded = (license: Pick<LicenseFields, 'expires_at'>, now: number): boolean => endOf(license) <= now;

/** Until when seats are lent: the licence's end, and the grace after it. Milliseconds; infinite without an end. */
export const lendsUntil = ({
  expires_at,
  grace_seconds,
}: Pick<LicenseFields, 'expires_at' | 'grace_seconds'>): number => endOf({ expires_at }) + (grace_seconds ?? 0) * 1000;

/**
 * The latest end of a copy that is signed at `now`: one that was signed before the licence's end does not say that it is
 * in grace, so it works no longer than that.
 */
export const copiesUntil = (license: Pick<LicenseFields, 'expires_at' | 'grace_seconds'>, now: number): number =>
  now < endOf(license) ? endOf(license) : lendsUntil(license);

type Start = Pick<LicenseFields, 'expires_at' | 'starts' | 'started_at' | 'duration_seconds'>;

/** Whether the licence's time begins with the next seat that is taken. */
export const awaitsStart = ({ starts, started_at }: Pick<Start, 'starts' | 'started_at'>): boolean =>
  starts !== null && started_at === null;

/** The licence as it is once a seat is taken now: its time has begun, and it ends after its duration at the latest. */
export const begun = <L extends Start>(license: L, now: number): L =>
  awaitsStart(license)
    ? {
        ...license,
        started_at: now,
        expires_at: Math.min(endOf(license), now + (license.duration_seconds ?? 0) * 1000),
      }
    : license;

/**
/**
 * The number of seat documents that a licence should have: none unless it is active, so that no acquire finds one, and
 * none while it changes to what its seats are leased per.
 * @param orphans borrowed copies that work although their session has ended: each is covered by a seat that is not there
 */
export const seatTarget = (
  { status, max_seats, next_lease_per }: Pick<License, 'status' | 'max_seats' | 'next_lease_per'>,
  orphans = 0,
): number => (status === 'active' && next_lease_per === null ? Math.max(0, max_seats - orphans) : 0);

/** How many seats may be borrowed at once. A licence may have been made smaller than its own borrowing allows. */
export const borrowCap = ({ borrow, max_seats }: Pick<License, 'borrow' | 'max_seats'>): number =>
  borrow === null ? 0 : Math.min(borrow.max_seats, max_seats);

/** More seats exist than the licence has. Until they are removed nothing is lent, or clients could win them all back. */
export const isShrinking = ({ seats, max_seats }: Pick<License, 'seats' | 'max_seats'>): boolean => seats > max_seats;
