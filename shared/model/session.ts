import * as z from 'zod';
import type { Document, UpdateTime } from '../store/store.ts';

const END_REASONS = [
  'released',
  'expired',
  'reclaimed',
  'admin_released',
  'license_suspended',
  'license_expired',
  'seats_reduced',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/**
 * Milliseconds after its end before a lease counts as expired for others: more than the clocks of two instances
 * differ (Google's are kept within a few). `expires_at` is only ever raised, so nothing else has to be added.
 */
export const EXPIRY_SLACK = 1_000;

/** The moment before which a lease must have ended for its seat to be taken from its holder. */
export const expiredBefore = (now: number): number => now - EXPIRY_SLACK;

/**
 * Sessions are spread over this many values of `shard`, because an index over a field that grows with time takes
 * 500 writes a second for each value of the field before it.
 */
export const SHARDS = 32;

const integer = z.number().int();
const text = z.string().nullable();

/** `sessions/{handle}`: the live lease, there exactly while the seat is held. Times are milliseconds since the epoch. */
export const sessionFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  /** The id of the seat's document. */
  seat: z.string(),
  /** The id of the holder's document. */
  holder: z.string(),
  user_email: text,
  hostname: text,
  platform: text,
  client_version: text,
  acquired_at: integer,
  last_heartbeat: integer,
  expires_at: integer,
  shard: integer,
});

export type SessionFields = z.output<typeof sessionFields>;

export interface Session extends SessionFields {
  readonly handle: string;
  readonly updateTime: UpdateTime;
}

export const readSession = ({ id, fields, updateTime }: Document): Session => ({
  ...sessionFields.parse(fields),
  handle: id,
  updateTime,
});

/** `licenses/{id}/holders/{hash of hardware_id}`: which session a machine holds, and what its id is derived from. */
export const holderFields = z.object({ session: z.string(), nonce: z.string() });

/** `ended_sessions/{handle}`: why a session is no more, until the store's TTL removes it. */
export const endedFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  reason: z.enum(END_REASONS),
  ended_at: integer,
  acquired_at: integer,
  /** Seats in use after a release, so that a repeated release answers the same. */
  seats_used: integer.nullable(),
});

export type EndedSession = z.output<typeof endedFields>;

/** Milliseconds for which an ended session is told from one that never was. */
export const ENDED_RETENTION = 90 * 24 * 3600 * 1000;
