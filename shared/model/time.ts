/** RFC 3339 in UTC with milliseconds, the one form in which times leave the suite. */
export const formatTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

const TIME = /^\d{4}-\d{2}-\d{2}(T(?!24)\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * @param text an RFC 3339 time, or a date alone, which is its first moment in UTC
 * @returns milliseconds since the epoch, or undefined when the text is neither
 */
export function parseTime(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse lets 30 February roll over into March; the day must be the one that was written. Every month has 28.
  if (text.slice(8, 10) <= '28') return milliseconds;
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return formatTime(day).startsWith(text.slice(0, 10)) ? milliseconds : undefined;
}
