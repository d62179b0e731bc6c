import * as z from 'zod';

/** Seconds. A shorter absence is what the lease and the offline time are for. */
export const MIN_BORROW_SECONDS = 3_600;
/** A year and a day. */
export const MAX_BORROW_SECONDS = 31_622_400;
export const DEFAULT_BORROW_SECONDS = 604_800;
export const MAX_RECALLS = 1_000;

/** How seats of a licence may be borrowed: held without heartbeats, by a copy that works offline for all that time. */
export const borrowTerms = z.object({
  /** Seats that may be borrowed at once. The licence may have fewer seats than that since a later change. */
  max_seats: z.number().int(),
  max_seconds: z.number().int(),
  /** Whether a borrowed seat can be given back before its end. */
  early_return: z.boolean(),
  /** How many borrowed seats the people of the tenant may take back in 365 days. */
  max_recalls: z.number().int(),
});
