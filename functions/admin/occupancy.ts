import { HOUR } from '#shared/model/usage.ts';

/** How long a session held its seat, in milliseconds since the epoch; the end is not part of it. */
export interface Interval {
  readonly from: number;
  readonly until: number;
}

/** Seats of a licence during one hour. */
export interface Occupancy {
  /** The most that were held at the same time. */
  readonly peak: number;
  /** The time for which each was held, added up, in milliseconds. */
  readonly held: number;
}

/**
 * Seats held in each hour, exactly, from the intervals of all sessions that overlap the period. Hours in which none was
 * held are left out.
 * @param from the beginning of an hour
 */
export function occupancyByHour(
  intervals: readonly Interval[],
  from: number,
  to: number,
): ReadonlyMap<number, Occupancy> {
  const hours = new Map<number, Occupancy>();
  let held = 0;
  let since = from;
  for (const { at, change } of changes(intervals, from, to)) {
    for (let hour = Math.floor(since / HOUR) * HOUR; held > 0 && hour < at; hour += HOUR) {
      const { peak, held: sum } = hours.get(hour) ?? { peak: 0, held: 0 };
      const length = Math.min(at, hour + HOUR) - Math.max(since, hour);
      if (length > 0) hours.set(hour, { peak: Math.max(peak, held), held: sum + held * length });
    }
    held += change;
    since = at;
  }
  return hours;
}

/** By how many the number of held seats changes, at each moment within the period at which it does, in order. */
function changes(intervals: readonly Interval[], from: number, to: number) {
  const sums = new Map<number, number>();
  for (const interval of intervals) {
    const [begin, end] = [Math.max(interval.from, from), Math.min(interval.until, to)];
    if (begin >= end) continue;
    sums.set(begin, (sums.get(begin) ?? 0) + 1);
    sums.set(end, (sums.get(end) ?? 0) - 1);
  }
  return [...sums].map(([at, change]) => ({ at, change })).sort((a, b) => a.at - b.at);
}
