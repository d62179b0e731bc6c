import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Document } from '../store/store.ts';
import { idsFrom } from './audit.ts';
import { DAY, HOUR } from './usage.ts';

/** Milliseconds for which it is kept who was refused. Their number is kept longer, with the usage. */
export const DENIAL_RETENTION = 30 * DAY;

const said = z.string().nullable().default(null);

/** `denials/{id}`: what one machine was refused, and why, within one hour. */
export const denialFields = z.object({
  license_id: z.string(),
  /** The hour's beginning, in milliseconds since the epoch. */
  hour: z.number().int(),
  /** As usage counts it: `no_seats`, or the code of the refusal. */
  reason: z.string(),
  /** The hash of licence and hardware id. */
  machine: z.string(),
  // Said once by each instance, so not by every write: the one that says it may have been lost.
  user_email: said,
  /** `user_email` in the form in which addresses are compared. */
  user: said,
  hostname: said,
  platform: said,
  client_version: said,
  count: z.number().int(),
  /** Of the latest refusal, in milliseconds since the epoch. */
  last_at: z.number().int(),
});

export interface DenialRecord extends z.output<typeof denialFields> {
  readonly id: string;
}

export const readDenial = ({ id, fields }: Document): DenialRecord => ({ ...denialFields.parse(fields), id });

/** The beginning of the hour of a moment. Milliseconds since the epoch. */
export const hourOf = (now: number): number => Math.floor(now / HOUR) * HOUR;

/** Every instance adds to the same record. @param hour its beginning */
export function denialPath(licenseId: string, hour: number, machine: string, reason: string): string {
  const name = createHash('sha256').update(`${machine} ${reason}`).digest('hex').slice(0, 16);
  return `denials/${denialsFrom(licenseId, hour)}-${name}`;
}

/**
 * What sorts before the ids of a licence's denials of a moment or earlier: the newest hour has the lowest ids. The
 * licence stands first, so that licences do not write to the same range of ids at the same time.
 */
export const denialsFrom = (licenseId: string, time: number): string => `${licenseId}-${idsFrom(time)}`;
