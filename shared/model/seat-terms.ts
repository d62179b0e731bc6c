import * as z from 'zod';

const integer = z.number().int();

/** Who waits for a seat when all are taken. */
const queueTerms = z.object({
  /** Machines that may wait at once. */
  max_length: integer,
});

/** When the time of a licence begins, if not when it is created. */
export const STARTS = ['first_acquire'] as const;

/** How a licence's seats are lent, apart from how many there are and for how long. Null: the licence goes without it. */
export const seatTerms = z.object({
  queue: queueTerms.nullable(),
  /** How long a released seat is kept for the machine that had it. */
  hold_seconds: integer.nullable(),
  /** Machines that may take a seat on one day (UTC). */
  machines_per_day: integer.nullable(),
  /** How long seats are lent after the licence's end. */
  grace_seconds: integer.nullable(),
  starts: z.enum(STARTS).nullable(),
  /** How long the licence lasts from its start on. */
  duration_seconds: integer.nullable(),
});

export type SeatTerms = z.output<typeof seatTerms>;

export const SEAT_TERMS_OFF: SeatTerms = {
  queue: null,
  hold_seconds: null,
  machines_per_day: null,
  grace_seconds: null,
  starts: null,
  duration_seconds: null,
};
