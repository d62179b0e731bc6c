import * as z from 'zod';

/** What takes a seat, and takes one however often it asks: a machine, a user on whatever machine, or a process. */
export const LEASE_UNITS = ['machine', 'user', 'process'] as const;
export type LeaseUnit = (typeof LEASE_UNITS)[number];

/** What happens when a user who has a seat asks from a second machine. */
export const ON_SECOND = ['move', 'refuse'] as const;

/** What whoever has a licence key is told of the seats in use: nothing, how many, or by which machines and users. */
export const HOLDERS_SHOWN = ['none', 'count', 'names'] as const;

/** Which seats whoever has a licence key may free: none, those that came with the same key or user, or any. */
export const SELF_RELEASE = ['none', 'own', 'any'] as const;

/** Whose a seat of the licence is, and who may take it back. */
export const seatRules = {
  lease_per: z.enum(LEASE_UNITS),
  /**
   * What `lease_per` becomes once no session of the present one is left; null when no such change is under way. Until
   * then the licence has no seats (docs/seats.md).
   */
  next_lease_per: z.enum(LEASE_UNITS).nullable(),
  on_second: z.enum(ON_SECOND),
  /** Only users on the licence's list get a seat. Counts where seats are leased per user. */
  named_users: z.boolean(),
  self_service: z.object({ holders: z.enum(HOLDERS_SHOWN), release: z.enum(SELF_RELEASE) }),
};

type SeatRules = { readonly [K in keyof typeof seatRules]: z.output<(typeof seatRules)[K]> };

export type SelfService = z.output<(typeof seatRules)['self_service']>;

export const NO_SELF_SERVICE: SelfService = { holders: 'none', release: 'none' };

/** The rules of a licence for which nothing else was said: a seat is its machine's, and only administrators free it. */
export const DEFAULT_SEAT_RULES = {
  lease_per: 'machine',
  next_lease_per: null,
  on_second: 'move',
  named_users: false,
  self_service: NO_SELF_SERVICE,
} as const;

/** Whether only users on the licence's list get a seat. */
export const hasNamedUsers = ({ lease_per, named_users }: Pick<SeatRules, 'lease_per' | 'named_users'>): boolean =>
  lease_per === 'user' && named_users;
