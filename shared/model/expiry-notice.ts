/** Days before a licence's end at which it is told of; the end itself is told of as well. */
const NOTICE_DAYS = [30, 7, 1] as const;

const DAY = 86_400_000;

/**
 * When the next notice of a licence's end is due, later than a moment: a licence that is made for ten days is not told of
 * as one that ends within thirty. Null: none is left.
 * @param expiresAt milliseconds since the epoch, as the result
 */
export function nextNotice(expiresAt: number | null, after: number): number | null {
  if (expiresAt === null) return null;
  return [...NOTICE_DAYS, 0].map((days) => expiresAt - days * DAY).find((due) => due > after) ?? null;
}

/** The notice that is due at a moment: the days before the end, 0 for the end itself, undefined for none. */
export const noticeAt = (expiresAt: number, now: number): number | undefined =>
  [0, ...NOTICE_DAYS.toReversed()].find((days) => expiresAt - days * DAY <= now);
