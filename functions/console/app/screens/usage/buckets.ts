import type { Usage } from '../../api/types.ts';

/** One day or hour of a chart: absent figures of the answer are zeros here. */
export interface Bucket {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly peak: number;
  readonly denied: number;
  /** The reasons of the denials, most frequent first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
  readonly seatHours: number | undefined;
}

const STEPS = { day: 86_400_000, hour: 3_600_000 } as const;

/** Every day or hour from the answer's beginning until now, or its end. */
export function bucketsOf(usage: Usage, now: number): Bucket[] {
  const step = STEPS[usage.resolution];
  const [from, to] = [Date.parse(usage.from), Math.min(Date.parse(usage.to), now)];
  const peaks = new Map(usage.peak.map(({ at, seats }) => [Date.parse(at), seats]));
  const hours = new Map(usage.seat_hours.map(({ at, hours: held }) => [Date.parse(at), held]));
  const denials = new Map(usage.denials.map(({ at, ...counts }) => [Date.parse(at), counts]));
  const exactFrom = Date.parse(usage.exact_from);
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => {
    const at = from + index * step;
    const reasons = Object.entries(denials.get(at) ?? {})
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a);
    return {
      at,
      peak: peaks.get(at) ?? 0,
      denied: reasons.reduce((sum, [, count]) => sum + count, 0),
      reasons,
      seatHours: hours.get(at) ?? (at >= exactFrom ? 0 : undefined),
    };
  });
}
