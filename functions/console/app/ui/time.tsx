import { locale } from '../texts.ts';
import { localDate, localTime } from './local-time.ts';

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

export type TimeStyle = 'full' | 'date' | 'ago';

/** A time where the reader is, with the UTC in its title. */
export function Time({ at, style = 'full', now }: { at: string; style?: TimeStyle; now?: number | undefined }) {
  const text =
    style === 'ago' ? ago(Date.parse(at), now ?? Date.now()) : style === 'date' ? localDate(at) : localTime(at);
  const local = style === 'ago' ? `${localTime(at)} · ` : '';
  return (
    <time dateTime={at} title={`${local}${at.replace('T', ' ').replace(/\.\d+Z$/, '')} UTC`.replace('Z UTC', ' UTC')}>
      {text}
    </time>
  );
}
