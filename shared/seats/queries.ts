import type { Query } from '../store/store.ts';
import { paths } from './paths.ts';

/** Every query of the seat protocol. `terraform/indexes.json` declares their indexes; a test compares the two. */
export const queries = {
  /** Open seats from a point in the random order on. */
  openSeatsFrom: (licenseId: string, start: number, limit: number): Query => ({
    collection: paths.seats(licenseId),
    where: [['open', '>=', start]],
    orderBy: [['open', 'asc']],
    limit,
  }),

  /** Open seats before that point, where the search continues after the end. */
  openSeatsBefore: (licenseId: string, start: number, limit: number): Query => ({
    collection: paths.seats(licenseId),
    where: [['open', '<', start]],
    orderBy: [['open', 'asc']],
    limit,
  }),

  /** Taken seats; for counting. */
  takenSeats: (licenseId: string): Omit<Query, 'limit'> => ({
    collection: paths.seats(licenseId),
    where: [['open', '==', null]],
  }),

  /** A licence's sessions whose lease ended before a moment, the longest expired first. */
  expiredOf: (licenseId: string, before: number, limit: number): Query => ({
    collection: 'sessions',
    where: [
      ['license_id', '==', licenseId],
      ['expires_at', '<=', before],
    ],
    orderBy: [['expires_at', 'asc']],
    limit,
  }),

  /** One shard's sessions whose lease ended before a moment, in pages: `after` is the last session's place. */
  expiredInShard: (shard: number, before: number, limit: number, after?: readonly [number, string]): Query => ({
    collection: 'sessions',
    where: [
      ['shard', '==', shard],
      ['expires_at', '<=', before],
    ],
    orderBy: [
      ['expires_at', 'asc'],
      ['__name__', 'asc'],
    ],
    limit,
    ...(after === undefined ? {} : { startAfter: after }),
  }),

  /** Licences whose change of seats has begun and is not marked as finished. */
  reconcilingLicenses: (limit: number): Query => ({
    collection: 'licenses',
    where: [['reconciling', '==', true]],
    limit,
  }),

  /** The sessions that came with a licence key, whose id is unique among all licences. */
  sessionsOfKey: (keyId: string, limit: number): Query => ({
    collection: 'sessions',
    where: [['key', '==', keyId]],
    limit,
  }),

  /** Keys that have ended and whose sessions end with them. */
  dueKeyEndings: (now: number, limit: number): Query => ({
    collection: 'key_endings',
    where: [['due', '<=', now]],
    orderBy: [['due', 'asc']],
    limit,
  }),

  /** A licence's sessions, those whose leases end soonest first. */
  earliestLeaseEnds: (licenseId: string, limit: number): Query => ({
    collection: 'sessions',
    where: [['license_id', '==', licenseId]],
    orderBy: [['expires_at', 'asc']],
    limit,
  }),
} as const;
