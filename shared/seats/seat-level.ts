import type { License } from '../model/license.ts';
import type { Write } from '../store/store.ts';

/** Documents over which the marks of one licence are spread, since commits that write one document wait for each other. */
const SHARDS = 8;
/** Milliseconds after which a mark that nobody looked at is deleted. */
const RETENTION = 86_400_000;

/**
 * Has the dispatcher look whether a licence has run out of seats, or has some again: `seats.exhausted` and
 * `seats.available` follow from the count that it makes. Nothing is written without a subscriber.
 * @param now milliseconds since the epoch
 */
export function markSeatLevel(
  license: Pick<License, 'id' | 'announces'> | undefined,
  now: number,
  random: () => number,
): Write[] {
  if (license === undefined || !license.announces.includes('seats')) return [];
  const path = `seat_levels/${license.id}.${Math.floor(random() * SHARDS)}`;
  return [{ op: 'set', path, fields: { license_id: license.id, due: now }, deleteAfter: now + RETENTION }];
}
