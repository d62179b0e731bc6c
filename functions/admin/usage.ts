import type { Clock } from '#shared/model/clock.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { dayOf, firstUsageDay, readUsage, type UsageFields } from '#shared/model/usage.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { createLicenses } from './licenses.ts';
import { adminQueries } from './queries.ts';
import type { Scope } from './scope.ts';

export interface Usage {
  readonly seatsUsed: number;
  readonly seatsTotal: number;
  /** UTC days in ascending order; days without records are left out. */
  readonly peak: readonly { readonly day: string; readonly seats: number }[];
  readonly denials: readonly { readonly day: string; readonly count: number }[];
}

export interface UsageOptions {
  readonly store: DocumentReader;
  readonly clock: Clock;
  readonly licenses: Pick<ReturnType<typeof createLicenses>, 'get'>;
}

/** Seats of a licence in use, now and on previous days. @throws Fault `license_not_found` */
export function createUsage({ store, clock, licenses }: UsageOptions) {
  return async (scope: Scope, licenseId: string): Promise<Usage> => {
    const now = clock.now();
    const [license, seatsUsed, documents] = await Promise.all([
      licenses.get(scope, licenseId),
      isPlainId(licenseId) ? store.count(queries.takenSeats(licenseId)) : 0,
      isPlainId(licenseId) ? store.query(adminQueries.usageSince(licenseId, firstUsageDay(now))) : [],
    ]);
    // Today's peak is at least the number of seats in use now.
    const days = byDay([...documents.map(readUsage), { day: dayOf(now), peak: seatsUsed, denials: 0 }]);
    return {
      seatsUsed,
      seatsTotal: license.max_seats,
      peak: days.filter(({ peak }) => peak > 0).map(({ day, peak }) => ({ day, seats: peak })),
      denials: days.filter(({ denials }) => denials > 0).map(({ day, denials }) => ({ day, count: denials })),
    };
  };
}

/** Merges the records of several instances into one entry a day. */
function byDay(notes: readonly UsageFields[]): UsageFields[] {
  const days = new Map<string, UsageFields>();
  for (const { day, peak, denials } of notes) {
    const known = days.get(day) ?? { day, peak: 0, denials: 0 };
    days.set(day, { day, peak: Math.max(known.peak, peak), denials: known.denials + denials });
  }
  return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}
