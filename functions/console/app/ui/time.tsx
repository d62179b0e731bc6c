import { locale } from '../texts.ts';

const dateTime = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });

const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** How long ago, or in how much time. @param now milliseconds */
function ago(at: number, now: number): string {
  const difference = at - now;
  const [unit, size] = STEPS.find(([, length]) => Math.abs(difference) >= length) ?? STEPS[3];
  return relative.format(Math.trunc(difference / size), unit);
}

export const localTime = (text: string): string => dateTime.format(new Date(text));

export const localDate = (text: string): string => dateOnly.format(new Date(text));

export type TimeStyle = 'full' | 'date' | 'ago';

/** A time where the reader is, with the UTC in its title. */
export function Time({ at, style = 'full', now }: { at: string; style?: TimeStyle; now?: number | undefined }) {
  const date = new Date(at);
  const text =
    style === 'ago' ? ago(date.getTime(), now ?? Date.now()) : (style === 'date' ? dateOnly : dateTime).format(date);
  const local = style === 'ago' ? `${dateTime.format(date)} · ` : '';
  return (
    <time dateTime={at} title={`${local}${at.replace('T', ' ').replace(/\.\d+Z$/, '')} UTC`.replace('Z UTC', ' UTC')}>
      {text}
    </time>
  );
}
