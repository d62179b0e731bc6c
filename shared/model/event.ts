import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Document, Fields, UpdateTime } from '../store/store.ts';
import { jsonText } from './json-text.ts';

/** Everything that is told to webhooks, in the order of the documentation. */
export const EVENT_TYPES = [
  'license.created',
  'license.updated',
  'license.suspended',
  'license.reinstated',
  'license.key_rotated',
  'license.expiring',
  'license.expired',
  'seats.exhausted',
  'seats.available',
  'seat.denied',
  'session.acquired',
  'session.released',
  'session.expired',
  'session.reclaimed',
  'session.admin_released',
  'session.moved',
  'session.borrowed',
  'session.returned',
  'session.recalled',
  'member.changed',
  'signing_key.published',
  'signing_key.signing',
  'signing_key.retired',
  'signing_key.revoked',
  'upload.completed',
  'webhook.disabled',
  'webhook.test',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** Minimum retention of an event in milliseconds. */
export const EVENT_RETENTION = 90 * 24 * 3600 * 1000;

/**
 * Number of values of `shard` over which events and deliveries are spread: an index over a field that grows with time is
 * limited to 500 writes a second for each value of the preceding field.
 */
export const EVENT_SHARDS = 8;

export type EventData = Readonly<Record<string, unknown>>;

/**
 * `events/{event_id}`: something that happened. It is created in the commit of what happened, with the id of its audit
 * record if it has one, and is its own outbox entry until its deliveries are planned.
 */
const eventFields = z.object({
  type: z.enum(EVENT_TYPES),
  /** Empty when it concerns no tenant; only the vendor's own webhooks hear of it. */
  tenant_id: z.string(),
  license_id: z.string().nullable(),
  /** Milliseconds since the epoch. */
  at: z.number().int(),
  /** The resource as its GET shows it, and `previous` for a change. Never a licence key, a session id or a token. */
  data: jsonText<EventData>(),
  /** The address of the person whom the data names, in lower case, so that the event is found by it. */
  subject: z.string().nullable(),
  /** How often it happened, for events that are gathered for a minute; a field of its own, so that it can be raised. */
  count: z.number().int().optional(),
  shard: z.number().int(),
  /** When its deliveries are to be planned, in milliseconds since the epoch; null once they are. */
  due: z.number().int().nullable(),
});

export type EventFields = z.output<typeof eventFields>;

export interface Event extends EventFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

export const readEvent = ({ id, fields, updateTime }: Document): Event => ({
  ...eventFields.parse(fields),
  id,
  updateTime,
});

/** The fields of an event as its document has them. */
export const eventDocument = (fields: EventFields): Fields => {
  const { count, ...rest } = z.encode(eventFields, fields);
  return count === undefined ? rest : { ...rest, count };
};

/** Spread by a hash, because ids of one moment begin alike. */
export const eventShard = (id: string): number => createHash('sha256').update(id).digest().readUInt8() % EVENT_SHARDS;

export const eventPath = (eventId: string): string => `events/${eventId}`;
