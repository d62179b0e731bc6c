import type { Query } from '../store/store.ts';
import { paths } from './paths.ts';

/** Every query of the seat protocol. `terraform/indexes.json` declares the indexes they need, and a test compares. */
export const queries = {
  /** Open seats from a place in the random order on. */
  openSeatsFrom: (licenseId: string, start: number, limit: number): Query => ({
    collection: paths.seats(licenseId),
    where: [['open', '>=', start]],
    orderBy: [['open', 'asc']],
    limit,
  }),

  /** Open seats before that place: where the search wraps around to. */
  openSeatsBefore: (licenseId: string, start: number, limit: number): Query => ({
    collection: paths.seats(licenseId),
    where: [['open', '<', start]],
    orderBy: [['open', 'asc']],
    limit,
  }),

  /** Seats that somebody holds; for counting. */
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

  /** One shard's sessions whose lease ended before a moment, behind the given one. */
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

  /** Licences whose seats somebody has begun to change. */
  unsettledLicenses: (limit: number): Query => ({
    collection: 'licenses',
    where: [['settling', '==', true]],
    limit,
  }),

  /** A licence's sessions, the longest unheard first. */
  longestUnheard: (licenseId: string, limit: number): Query => ({
    collection: 'sessions',
    where: [['license_id', '==', licenseId]],
    orderBy: [['expires_at', 'asc']],
    limit,
  }),
} as const;
