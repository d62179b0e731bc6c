import * as z from 'zod';
import type { Document } from '../store/store.ts';

const DAY = 24 * 3600 * 1000;

/** Days that the use of a licence is shown for, today included. */
export const USAGE_DAYS = 31;

/** Milliseconds for which a day's use is kept. */
export const USAGE_RETENTION = 100 * DAY;

/** An instance writes to one of so many documents a day, so that instances seldom meet on one. */
export const USAGE_SHARDS = 16;

/** `licenses/{id}/usage/{day}-{shard}`: what the instances of one shard have seen of a day. Either number may be missing. */
const usageFields = z.object({
  day: z.string(),
  /** The most seats that were in use at once. */
  peak: z.number().int().default(0),
  /** Requests that found no free seat. */
  denials: z.number().int().default(0),
});

export type UsageFields = z.output<typeof usageFields>;

export const readUsage = ({ fields }: Document): UsageFields => usageFields.parse(fields);

/** The UTC day of a moment, e.g. `2026-11-23`. @param now milliseconds since the epoch */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

/** The first of the days that are shown. */
export const firstUsageDay = (now: number): string => dayOf(now - (USAGE_DAYS - 1) * DAY);

export const usagePaths = {
  days: (licenseId: string) => `licenses/${licenseId}/usage`,
  day: (licenseId: string, day: string, shard: number) => `licenses/${licenseId}/usage/${day}-${shard}`,
} as const;
