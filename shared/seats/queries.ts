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

  /** Licences whose change of seats has begun and can go on, those that have waited longest first. */
  reconcilingLicenses: (now: number, limit: number): Query => ({
    collection: 'licenses',
    where: [
      ['reconciling', '==', true],
      ['reconcile_at', '<=', now],
    ],
    orderBy: [['reconcile_at', 'asc']],
    limit,
  }),

  /** A licence's borrow slots that are taken, from a number on. */
  borrowSlotsFrom: (licenseId: string, number: number, limit: number): Query => ({
    collection: paths.borrows(licenseId),
    where: [['number', '>=', number]],
    orderBy: [['number', 'asc']],
    limit,
  }),

  /** All borrow slots that are taken; for counting. */
  borrowSlots: (licenseId: string): Omit<Query, 'limit'> => ({ collection: paths.borrows(licenseId), where: [] }),

  /** Slots whose session has ended while its copy works, those that end soonest first. */
  orphanSlots: (licenseId: string, limit: number): Query => ({
    collection: paths.borrows(licenseId),
    where: [['orphan', '==', true]],
    orderBy: [['until', 'asc']],
    limit,
  }),

  /** Slots of sessions, or orphans, whose copies work after a moment; for counting. */
  borrowsUntilAfter: (licenseId: string, orphan: boolean, moment: number): Omit<Query, 'limit'> => ({
    collection: paths.borrows(licenseId),
    where: [
      ['orphan', '==', orphan],
      ['until', '>', moment],
    ],
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

  /** Who waits for a seat of a licence, in the order in which seats are given. */
  ticketsInOrder: (licenseId: string, limit: number, after?: readonly [string, string]): Query => ({
    collection: paths.queue(licenseId),
    where: [],
    orderBy: [
      ['rank', 'asc'],
      ['__name__', 'asc'],
    ],
    limit,
    ...(after === undefined ? {} : { startAfter: after }),
  }),

  /** All tickets of a licence; for counting. */
  tickets: (licenseId: string): Omit<Query, 'limit'> => ({ collection: paths.queue(licenseId), where: [] }),

  /** @param ticket the hash of its id */
  ticketByName: (licenseId: string, ticket: string): Query => ({
    collection: paths.queue(licenseId),
    where: [['ticket', '==', ticket]],
    limit: 1,
  }),

  /** Tickets that nobody has polled for so long that they are dead. */
  deadTickets: (licenseId: string, now: number, limit: number): Query => ({
    collection: paths.queue(licenseId),
    where: [['polled_until', '<=', now]],
    orderBy: [['polled_until', 'asc']],
    limit,
  }),

  /** Licences whose queue is to be looked through. */
  dueSweeps: (now: number, limit: number): Query => ({
    collection: 'queues',
    where: [['due', '<=', now]],
    orderBy: [['due', 'asc']],
    limit,
  }),

  /** A licence's sessions that ended since a moment; for counting. */
  endedSince: (licenseId: string, since: number): Omit<Query, 'limit'> => ({
    collection: 'ended_sessions',
    where: [
      ['license_id', '==', licenseId],
      ['ended_at', '>', since],
    ],
  }),

  /** The slots that machines of a day have taken; for counting. */
  machineSlotsOf: (licenseId: string, day: string): Omit<Query, 'limit'> => ({
    collection: paths.machineSlots(licenseId),
    where: [['day', '==', day]],
  }),

  /** A licence's sessions, those whose leases end soonest first. */
  earliestLeaseEnds: (licenseId: string, limit: number): Query => ({
    collection: 'sessions',
    where: [['license_id', '==', licenseId]],
    orderBy: [['expires_at', 'asc']],
    limit,
  }),
} as const;
