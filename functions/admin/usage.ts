import type { Clock } from '#shared/model/clock.ts';
import { ENDED_RETENTION, endedFields, readSession } from '#shared/model/session.ts';
import { DAY, dayOf, HOUR, type HourCounts, readUsage } from '#shared/model/usage.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { createLicenses } from './licenses.ts';
import { type Interval, type Occupancy, occupancyByHour } from './occupancy.ts';
import { adminQueries } from './queries.ts';
import { countRecalls, type RecallsLeft } from './recalls.ts';
import type { Scope } from './scope.ts';
import { type AskedPeriod, type UsagePeriod, usagePeriod } from './usage-period.ts';

export interface Usage {
  readonly licenseId: string;
  readonly label: string | null;
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  readonly seatsBorrowed: number;
  /** Borrowed copies that work although their sessions were ended. */
  readonly copiesOutstanding: number;
  /** Null where seats cannot be borrowed. */
  readonly recalls: RecallsLeft | null;
  readonly period: UsagePeriod;
  /** From here on peaks and seat-hours are derived from every session's interval. Milliseconds since the epoch. */
  readonly exactFrom: number;
  /** One for each bucket that has begun, in ascending order. */
  readonly buckets: readonly UsageBucket[];
}

export interface UsageBucket {
  /** Its beginning, in milliseconds since the epoch. */
  readonly at: number;
  /** The most seats in use at the same time. */
  readonly peak: number;
  /** The time for which seats were held, added up; undefined when it is not known exactly. */
  readonly seatHours: number | undefined;
  /** Refused requests by reason. */
  readonly denials: Readonly<Record<string, number>>;
}

export interface UsageOptions {
  readonly store: DocumentReader;
  readonly clock: Clock;
  readonly licenses: Pick<ReturnType<typeof createLicenses>, 'get'>;
  /** The most sessions that one report is derived from, of those that are live and of those that ended. */
  readonly maxSessions?: number;
}

/** Bounds what a report costs: a document read for each session. */
const MAX_SESSIONS = 10_000;

/** Seats of a licence in use, now and before. @throws Fault `license_not_found`, `invalid_request` */
export function createUsage({ store, clock, licenses, maxSessions = MAX_SESSIONS }: UsageOptions) {
  return async (scope: Scope, licenseId: string, asked: AskedPeriod): Promise<Usage> => {
    const now = clock.now();
    const period = usagePeriod(asked, now);
    const license = await licenses.get(scope, licenseId);
    const borrows = (orphan: boolean) =>
      license.had_borrow ? store.count(queries.borrowsUntilAfter(license.id, orphan, now)) : 0;
    const [seatsUsed, seatsBorrowed, copiesOutstanding, recalls, counts, { intervals, exactFrom }] = await Promise.all([
      store.count(queries.takenSeats(license.id)),
      borrows(false),
      borrows(true),
      countRecalls(store, license, now),
      readCounts(store, license.id, period),
      readIntervals(store, license.id, period, now, maxSessions),
    ]);
    const occupancy = occupancyByHour(intervals, exactFrom, Math.min(period.to, now));
    const buckets = bucketStarts(period, now).map((at) =>
      bucketOf(at, { period, exactFrom, occupancy, counts, seatsUsed, seatsTotal: license.max_seats, now }),
    );
    return {
      licenseId: license.id,
      label: license.label,
      seatsUsed,
      seatsTotal: license.max_seats,
      seatsBorrowed,
      copiesOutstanding,
      recalls,
      period,
      exactFrom,
      buckets,
    };
  };
}

async function readCounts(store: DocumentReader, licenseId: string, period: UsagePeriod): Promise<HourCounts[]> {
  const [first, last] = [dayOf(period.from), dayOf(period.to - 1)];
  const days = (Date.parse(last) - Date.parse(first)) / DAY + 1;
  return (await store.query(adminQueries.usageBetween(licenseId, first, last, days))).flatMap(readUsage);
}

interface Intervals {
  readonly intervals: readonly Interval[];
  readonly exactFrom: number;
}

/**
 * Every session that held a seat at `exactFrom` or later. Ended sessions are read from the latest one on: when there are
 * too many, those that are left out ended before the earliest that was read.
 */
async function readIntervals(
  store: DocumentReader,
  licenseId: string,
  period: UsagePeriod,
  now: number,
  maxSessions: number,
): Promise<Intervals> {
  // One after the other, so that a session that ends meanwhile is in both and not in neither.
  const live = await store.query(queries.earliestLeaseEnds(licenseId, maxSessions));
  if (live.length === maxSessions) return { intervals: [], exactFrom: period.to };
  const ended = await store.query(adminQueries.endedSince(licenseId, period.from, maxSessions));
  const handles = new Set(ended.map(({ id }) => id));
  const endings = ended.map(({ fields }) => endedFields.parse(fields));
  const earliest = endings.length === maxSessions ? (endings.at(-1)?.ended_at ?? now) : period.from;
  const intervals = [
    ...endings.map(({ acquired_at, held_until }) => ({ from: acquired_at, until: held_until })),
    ...live
      .filter(({ id }) => !handles.has(id))
      .map(readSession)
      .map(({ acquired_at, expires_at }) => ({ from: acquired_at, until: expires_at })),
  ];
  const known = Math.max(period.from, earliest, now - ENDED_RETENTION);
  return { intervals, exactFrom: Math.min(period.to, Math.ceil(known / HOUR) * HOUR) };
}

function bucketStarts({ from, to, step }: UsagePeriod, now: number): number[] {
  const count = Math.max(0, Math.ceil((Math.min(to, now + 1) - from) / step));
  return Array.from({ length: count }, (_, index) => from + index * step);
}

interface Figures {
  readonly period: UsagePeriod;
  readonly exactFrom: number;
  readonly occupancy: ReadonlyMap<number, Occupancy>;
  readonly counts: readonly HourCounts[];
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  readonly now: number;
}

function bucketOf(at: number, figures: Figures): UsageBucket {
  const { period, exactFrom, now, seatsUsed } = figures;
  const end = at + period.step;
  const within = (moment: number) => moment >= at && moment < end;
  const counts = figures.counts.filter((hour) => within(hour.at));
  const occupied = [...figures.occupancy].flatMap(([hour, found]) => (within(hour) ? [found] : []));
  const noted = Math.max(0, ...counts.map(({ peak }) => peak));
  // A session ends by the clock of one instance and the next one begins by another's, so intervals may overlap by a few
  // milliseconds. That makes no seat that the licence did not have.
  const derived = Math.min(Math.max(0, ...occupied.map(({ peak }) => peak)), Math.max(noted, figures.seatsTotal));
  const held = occupied.reduce((sum, hour) => sum + hour.held, 0);
  return {
    at,
    peak: Math.max(noted, derived, within(now) ? seatsUsed : 0),
    seatHours: at < exactFrom ? undefined : held / HOUR,
    denials: sumByReason(counts),
  };
}

/** Refused requests by reason, added up. */
export function sumByReason(counts: readonly HourCounts[]): Record<string, number> {
  const sums = new Map<string, number>();
  for (const [reason, count] of counts.flatMap(({ denials }) => Object.entries(denials))) {
    sums.set(reason, (sums.get(reason) ?? 0) + count);
  }
  return Object.fromEntries(sums);
}
