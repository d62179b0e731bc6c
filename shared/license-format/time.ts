/** RFC 3339 in UTC with milliseconds, the only form in which the suite writes times. */
export const formatTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

const TIME = /^\d{4}-\d{2}-\d{2}(T(?!24)\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$/;

/**
 * @param text an RFC 3339 time, or a date alone, which stands for its first moment in UTC
 * @returns milliseconds since the epoch, or undefined when the text is neither
 */
export function parseTime(text: string): number | undefined {
  if (!TIME.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse turns 30 February into a day in March, so the day is compared with the text. Every month has 28 days.
  if (text.slice(8, 10) <= '28') return milliseconds;
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return formatTime(day).startsWith(text.slice(0, 10)) ? milliseconds : undefined;
}
