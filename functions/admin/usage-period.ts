import { type InvalidMember, invalid } from '#shared/model/errors.ts';
import { DAY, HOUR, type Resolution } from '#shared/model/usage.ts';

/** A span of whole buckets. Times are milliseconds since the epoch. */
export interface UsagePeriod {
  readonly resolution: Resolution;
  /** The length of a bucket. */
  readonly step: number;
  readonly from: number;
  /** The end of the last bucket, which is not part of it. */
  readonly to: number;
}

export interface AskedPeriod {
  readonly resolution: Resolution;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

const STEPS = {
  day: { step: DAY, usual: 31, most: 100 },
  hour: { step: HOUR, usual: 24, most: 31 * 24 },
} as const;

/**
 * The buckets (UTC) that an asked period touches: by default the latest 31 days, or 24 hours.
 * @throws Fault `invalid_request`
 */
export function usagePeriod({ resolution, from, to }: AskedPeriod, now: number): UsagePeriod {
  const { step, usual, most } = STEPS[resolution];
  const end = Math.ceil((to ?? now + 1) / step) * step;
  const begin = from === undefined ? end - usual * step : Math.floor(from / step) * step;
  if (begin >= end) throw invalid([outside('must be before the end of the period')]);
  if (end - begin > most * step) throw invalid([outside(`must be at most ${most} ${resolution}s before the end`)]);
  return { resolution, step, from: begin, to: end };
}

const outside = (message: string): InvalidMember => ({ path: 'from', message });
