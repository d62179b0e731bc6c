import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { LicenseKey } from '../license-format/license-key.ts';
import type { Document, UpdateTime } from '../store/store.ts';
import { MAX_PRIORITY } from './key-record.ts';
import { handleOf } from './session-id.ts';

const integer = z.number().int();

/** `licenses/{id}/queue/{holder}`: a machine that waits for a seat. Times are milliseconds since the epoch. */
export const ticketFields = z.object({
  /** The order in which seats are given: see `rankOf`. */
  rank: z.string(),
  /** SHA-256 of the ticket's id, hexadecimal: it names the ticket and is no secret. */
  ticket: z.string(),
  nonce: z.string(),
  since: integer,
  /** Without another poll the ticket is dead from then on. */
  polled_until: integer,
  /** The machine does not wait beyond this time. */
  wait_until: integer,
  user_email: z.string().nullable(),
  /** `user_email` in the form in which addresses are compared. */
  user: z.string().nullable(),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
});

export type TicketFields = z.output<typeof ticketFields>;

export interface Ticket extends TicketFields {
  /** The holder that waits; the document's id. */
  readonly holder: string;
  readonly path: string;
  readonly updateTime: UpdateTime;
}

/** @throws ZodError when the document is not what we write */
export const readTicket = ({ id, path, fields, updateTime }: Document): Ticket => ({
  ...ticketFields.parse(fields),
  holder: id,
  path,
  updateTime,
});

/** A ticket that nobody polls, or whose time is over, stands in nobody's way. */
export const isWaiting = ({ polled_until, wait_until }: TicketFields, now: number): boolean =>
  polled_until > now && wait_until > now;

/** Digits of a time until the year 33658, and of a place among those who come in one millisecond. */
const TIME_DIGITS = 15;
const PLACE_DIGITS = 3;

/**
 * The order of tickets as text: by the key's priority, the high one first, then by arrival.
 * @param since milliseconds since the epoch
 * @param place among those who arrive together, below 1000
 */
export const rankOf = (priority: number, since: number, place: number): string =>
  [MAX_PRIORITY - priority, padded(since, TIME_DIGITS), padded(place, PLACE_DIGITS)].join('.');

/** The same arrival with another priority. */
export const rerank = (rank: string, priority: number): string =>
  [MAX_PRIORITY - priority, ...rank.split('.').slice(1)].join('.');

export const priorityOf = (rank: string): number => MAX_PRIORITY - Number(rank.split('.')[0]);

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0');

export interface TicketName {
  /** A bearer secret, which only the waiting machine gets: `{license_id}.{43 characters}`. */
  readonly ticketId: string;
  readonly ticket: string;
}

/** Derived like a session's id (session-id.ts), so that a machine that polls gets the same id, which is not stored. */
export function ticketNameOf(key: LicenseKey, nonce: string): TicketName {
  const secret = createHmac('sha256', key.text).update(`countersign/ticket/v1:${nonce}`).digest('base64url');
  const ticketId = `${key.licenseId}.${secret}`;
  return { ticketId, ticket: handleOf(ticketId) };
}

/** Milliseconds for which a ticket that was given back is distinguished from an unknown one. */
export const LEFT_RETENTION = 24 * 3600 * 1000;

/**
 * `queues/{license_id}`: a licence whose queue the reaper looks through from `due` on, until it finds it empty
 * `SWEEP_RETENTION` later.
 */
export const sweepFields = z.object({ due: integer });
/** Milliseconds; an instance that sees waiting machines marks the licence at least every half of it. */
export const SWEEP_RETENTION = 10 * 60 * 1000;
