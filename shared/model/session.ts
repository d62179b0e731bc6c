import * as z from 'zod';
import type { Document, UpdateTime } from '../store/store.ts';

const END_REASONS = [
  'released',
  'expired',
  'reclaimed',
  'admin_released',
  'license_suspended',
  'license_archived',
  'license_expired',
  'seats_reduced',
  'key_ended',
  'moved',
  'self_released',
  'user_removed',
  'borrowed',
  'recalled',
] as const;
export type EndReason = (typeof END_REASONS)[number];

/**
 * Milliseconds between the end of a lease and its expiry for others: more than the clocks of two instances differ, which
 * Google keeps within a few milliseconds. `expires_at` only ever increases, so no other margin is needed.
 */
export const EXPIRY_SLACK = 1_000;

/** The time before which a lease must have ended for its seat to be taken from its holder. */
export const expiredBefore = (now: number): number => now - EXPIRY_SLACK;

/**
 * Number of values of `shard` over which sessions are spread: an index over a field that grows with time is limited to 500
 * writes a second for each value of the preceding field.
 */
export const SHARDS = 32;

const integer = z.number().int();
const text = z.string().nullable();

/** `sessions/{handle}`: the lease; it exists exactly while the seat is held. Times are milliseconds since the epoch. */
export const sessionFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  /** The id of the seat's document. */
  seat: z.string(),
  /** The id of the holder's document: whose the seat is. */
  holder: z.string(),
  /** The hash of licence and hardware id. A user's session moves to another machine as a new session. */
  machine: z.string(),
  /** From which the session's id derives, as in its holder document. */
  nonce: z.string(),
  /** The id of the licence key that it came with; another key begins another session. */
  key: z.string(),
  user_email: text,
  /** The same in the form in which addresses are compared (`normalEmail`): by it a person's sessions are found. */
  user: text.default(null),
  hostname: text,
  platform: text,
  client_version: text,
  acquired_at: integer,
  last_heartbeat: integer,
  expires_at: integer,
  /** The latest `valid_until` of what was signed for the machine: no copy works longer. */
  copy_until: integer.default(0),
  /** The machine has given the seat back. It is kept for this machine until `expires_at`; nobody has the session's id. */
  lingering: z.boolean().default(false),
  /** The number of the borrow slot that it takes; null when it is not borrowed. */
  borrow_slot: integer.nullable().default(null),
  /** Until when it is borrowed: its lease and its copy end no earlier, and nobody takes the seat before. */
  borrowed_until: integer.nullable().default(null),
  shard: integer,
  /** When each program of the machine was last heard of, by slot (seats/programs.ts). */
  programs: z.record(z.string(), integer).default({}),
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

/** Spread by the handle, which is random. */
export const shardOf = (handle: string): number => Number.parseInt(handle.slice(0, 8), 16) % SHARDS;

/** Until when a session or its holder document is borrowed; undefined when it is not, or not any more. */
export const borrowedUntil = (
  { borrowed_until }: { readonly borrowed_until: number | null },
  now: number,
): number | undefined => (borrowed_until !== null && borrowed_until > now ? borrowed_until : undefined);

/**
 * `licenses/{id}/holders/{hash of whoever takes one seat}`: the session that a machine, user or process holds, the nonce
 * of its session id, the machine, and what the session says of its being borrowed, so that acquire need not read it.
 */
export const holderFields = z.object({
  session: z.string(),
  nonce: z.string(),
  machine: z.string(),
  borrow_slot: integer.nullable().default(null),
  borrowed_until: integer.nullable().default(null),
});

/** `ended_sessions/{handle}`: why a session ended; the store's TTL removes it. */
export const endedFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  reason: z.enum(END_REASONS),
  ended_at: integer,
  acquired_at: integer,
  /** When the session stopped holding its seat: at `ended_at`, or when its lease had ended before. */
  held_until: integer,
  /** Seats in use after a release, so that a repeated release gets the same response. */
  seats_used: integer.nullable(),
});

export type EndedSession = z.output<typeof endedFields>;

/** Milliseconds for which an ended session is distinguished from an unknown one. */
export const ENDED_RETENTION = 90 * 24 * 3600 * 1000;
