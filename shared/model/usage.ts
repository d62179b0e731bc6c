import * as z from 'zod';
import type { Document } from '../store/store.ts';

const DAY = 24 * 3600 * 1000;

/** Number of days in a usage report, including today. */
export const USAGE_DAYS = 31;

/** Retention of a day's usage in milliseconds. */
export const USAGE_RETENTION = 100 * DAY;

/** Number of documents for each day. Each instance writes to one of them, so that instances seldom contend. */
export const USAGE_SHARDS = 16;

/** `licenses/{id}/usage/{day}-{shard}`: the counts of the instances of one shard. Either may be absent. */
const usageFields = z.object({
  day: z.string(),
  /** Maximum number of seats in use at the same time. */
  peak: z.number().int().default(0),
  /** Requests that found no free seat. */
  denials: z.number().int().default(0),
});

export type UsageFields = z.output<typeof usageFields>;

export const readUsage = ({ fields }: Document): UsageFields => usageFields.parse(fields);

/** The UTC day of a moment, e.g. `2026-11-23`. @param now milliseconds since the epoch */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

/** The first day of a usage report. */
export const firstUsageDay = (now: number): string => dayOf(now - (USAGE_DAYS - 1) * DAY);

export const usagePaths = {
  days: (licenseId: string) => `licenses/${licenseId}/usage`,
  day: (licenseId: string, day: string, shard: number) => `licenses/${licenseId}/usage/${day}-${shard}`,
} as const;
