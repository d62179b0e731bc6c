/** RFC 3339 in UTC with milliseconds, the only form in which the suite writes times. */
export const formatTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

export const formatTimeOrNull = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : formatTime(milliseconds);

const TIME = /^\d{4}-\d{2}-\d{2}T(?!24)\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
/** From 2000 to the end of 9998: what every zone can write with four digits of a year. */
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(9999, 0);

/**
 * @param text an RFC 3339 time with its zone
 * @returns milliseconds since the epoch, or undefined when the text is none, or outside the years 2000 to 9998
 */
export function parseTime(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (!(milliseconds >= EARLIEST && milliseconds < LATEST)) return undefined;
  // Date.parse lets 30 February roll over into March; the day must be the one that was written. Every month has 28.
  if (text.slice(8, 10) <= '28') return milliseconds;
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return formatTime(day).startsWith(text.slice(0, 10)) ? milliseconds : undefined;
}
