import * as z from 'zod';
import type { Document } from '../store/store.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The spans that a report divides a period into. */
export const RESOLUTIONS = ['day', 'hour'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** Milliseconds for which a day's records are kept. */
export const USAGE_RETENTION = 100 * DAY;

/** Number of documents for each day. Each instance writes to one of them, so that instances seldom contend. */
export const USAGE_SHARDS = 16;

const count = z.number().int();
/** The keys are hours of the day (UTC): `h00` to `h23`. */
const hour = z.string().regex(/^h([01]\d|2[0-3])$/);

/** `licenses/{id}/usage/{day}-{shard}`: what the instances of one shard counted on a day. */
const usageFields = z.object({
  day: z.iso.date(),
  /** The most seats that an instance saw in use at the same time. */
  peaks: z.record(hour, count).default({}),
  /** Requests that were refused, by reason. */
  denials: z.record(hour, z.record(z.string(), count)).default({}),
});

/** What was counted in one hour. */
export interface HourCounts {
  /** The hour's beginning, in milliseconds since the epoch. */
  readonly at: number;
  readonly peak: number;
  readonly denials: Readonly<Record<string, number>>;
}

/** The hours of one document. */
export function readUsage({ fields }: Document): HourCounts[] {
  const { day, peaks, denials } = usageFields.parse(fields);
  return [...new Set([...Object.keys(peaks), ...Object.keys(denials)])].map((name) => ({
    at: Date.parse(day) + Number(name.slice(1)) * HOUR,
    peak: peaks[name] ?? 0,
    denials: denials[name] ?? {},
  }));
}

/** The UTC day of a moment, e.g. `2026-11-23`. @param now milliseconds since the epoch */
export const dayOf = (now: number): string => new Date(now).toISOString().slice(0, 10);

/** The field of a moment's hour, e.g. `h13`. @param now milliseconds since the epoch */
export const hourField = (now: number): string => `h${new Date(now).toISOString().slice(11, 13)}`;

export const usagePaths = {
  days: (licenseId: string) => `licenses/${licenseId}/usage`,
  day: (licenseId: string, day: string, shard: number) => `licenses/${licenseId}/usage/${day}-${shard}`,
} as const;
