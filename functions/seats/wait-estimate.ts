import { LRUCache } from 'lru-cache';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { queries } from '#shared/seats/queries.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** @returns seconds between two seats that come free, or undefined when too few have to say */
export type MeanBetweenEnds = (licenseId: string) => Promise<number | undefined>;

const HOUR_SECONDS = 3_600;
/** Sessions that must have ended in the last hour for an estimate. */
const MIN_ENDS = 10;
/** Milliseconds for which a count is used again. */
const MAX_AGE = 30_000;
const MAX_LICENSES = 10_000;

/** One count a licence, instance and half a minute, however many machines wait. An estimate that cannot be had is left out. */
export function createMeanBetweenEnds(store: Pick<DocumentReader, 'count'>, clock: Clock): MeanBetweenEnds {
  const counts = new LRUCache<string, { readonly at: number; readonly ends: Promise<number> }>({
    maxSize: MAX_LICENSES,
    sizeCalculation: () => 1,
  });

  function endsOf(licenseId: string): Promise<number> {
    const now = clock.now();
    const known = counts.get(licenseId);
    if (known !== undefined && now < known.at + MAX_AGE) return known.ends;
    const ends = store.count(queries.endedSince(licenseId, now - HOUR_SECONDS * 1000)).catch((error: unknown) => {
      counts.delete(licenseId);
      if (!isFault(error)) throw error;
      return 0;
    });
    counts.set(licenseId, { at: now, ends });
    return ends;
  }

  return async (licenseId) => {
    const ends = await endsOf(licenseId);
    return ends < MIN_ENDS ? undefined : HOUR_SECONDS / ends;
  };
}
