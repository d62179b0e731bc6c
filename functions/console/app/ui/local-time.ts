import { locale } from '../texts.ts';

const dateTime = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' });

/** A time where the reader is. @param at RFC 3339, or milliseconds */
export const localTime = (at: string | number): string => dateTime.format(new Date(at));

export const localDate = (at: string | number): string => dateOnly.format(new Date(at));
