import * as z from 'zod';
import type { Document } from '../store/store.ts';

const integer = z.number().int();

export const MAX_PRIORITY = 9;
export const DEFAULT_PRIORITY = 5;

/**
 * `licenses/{license_id}/keys/{hash}`: one licence key. The document's id is the hash that the key itself gives, so that
 * acquire finds it together with the licence. Times are milliseconds since the epoch.
 */
export const keyFields = z.object({
  /** Random, and no secret: names the key in lists, sessions and the audit log. */
  id: z.string(),
  label: z.string().nullable(),
  /** Who waits for a seat is served in this order, 9 first. */
  priority: integer.default(DEFAULT_PRIORITY),
  /** Whose key it is, as `normalEmail` gives it: it proves who asks, and never changes. Null: it is anybody's. */
  user_email: z.string().nullable().default(null),
  created_at: integer,
  /** The key works before this time; null: until somebody ends it. A time that has come is never moved. */
  until: integer.nullable(),
  /** Whether the sessions that came with the key end when it does. */
  end_sessions: z.boolean(),
  /** The last day (UTC) on which a machine acquired with it. */
  last_used_day: z.iso.date().nullable(),
});

export type KeyFields = z.output<typeof keyFields>;

export interface KeyRecord extends KeyFields {
  /** The document's id. */
  readonly hash: string;
}

/** @throws ZodError when the document is not what we write */
export const readKey = ({ id, fields }: Document): KeyRecord => ({ ...keyFields.parse(fields), hash: id });

export const keyWorks = ({ until }: Pick<KeyFields, 'until'>, now: number): boolean => until === null || until > now;

/** The document of a key that is issued now: anybody's, unless it is said whose. */
export const newKeyFields = (
  id: string,
  label: string | null,
  now: number,
  {
    priority = DEFAULT_PRIORITY,
    userEmail = null,
  }: { readonly priority?: number; readonly userEmail?: string | null } = {},
): KeyFields => ({
  id,
  label,
  priority,
  user_email: userEmail,
  created_at: now,
  until: null,
  end_sessions: false,
  last_used_day: null,
});

/** Milliseconds for which an ended key's document is kept, for whoever asks which key a session came with. */
export const KEY_RETENTION = 90 * 24 * 3600 * 1000;

/** `key_endings/{key_id}`: a key whose sessions the reaper ends, from `due` on. */
export const keyEndingFields = z.object({ due: integer });

/**
 * Milliseconds for which the reaper looks for sessions of an ended key: longer than a request lives that read the key
 * before its end and commits afterwards.
 */
export const KEY_ENDING_RETENTION = 10 * 60 * 1000;
