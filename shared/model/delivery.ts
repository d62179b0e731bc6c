import * as z from 'zod';
import type { Document, Fields, UpdateTime, Write } from '../store/store.ts';
import { EVENT_RETENTION, EVENT_TYPES, type Event, eventShard } from './event.ts';

/** `dropped`: the endpoint was deleted, or subscribes to it no more. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed', 'dropped'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** Why an attempt failed without an answer. */
export const ATTEMPT_ERRORS = [
  'address_refused',
  'dns',
  'connection',
  'tls',
  'timeout',
  'not_sent',
  'disabled',
] as const;
export type AttemptError = (typeof ATTEMPT_ERRORS)[number];

/** Attempts that a delivery remembers. */
export const MAX_ATTEMPTS_KEPT = 20;

const integer = z.number().int();

const attemptFields = z.object({
  at: integer,
  duration_ms: integer,
  /** Null without an answer. */
  status_code: integer.nullable(),
  error: z.enum(ATTEMPT_ERRORS).nullable(),
  /** The beginning of the answer's body. */
  response: z.string(),
});
export type Attempt = z.output<typeof attemptFields>;

/** `deliveries/{event_id}.{webhook_id}`: what becomes of one event at one endpoint. Times are milliseconds. */
const deliveryFields = z.object({
  event_id: z.string(),
  webhook_id: z.string(),
  tenant_id: z.string(),
  type: z.enum(EVENT_TYPES),
  status: z.enum(DELIVERY_STATUSES),
  /** Somebody asked for it (test, redelivery, recovery): it does not need a subscription. */
  asked: z.boolean(),
  /** Attempts since it was last asked for: the place in the schedule. */
  attempt: integer,
  /** Attempts ever. */
  attempts_made: integer,
  attempts: z.array(attemptFields),
  /** Drawn by whoever is sending it; null when nobody is. */
  lease: z.string().nullable(),
  shard: integer,
  /** When it is to be sent, or sent again if whoever is sending it has died; null when it is over. */
  due: integer.nullable(),
  created_at: integer,
});

export type DeliveryFields = z.output<typeof deliveryFields>;

export interface Delivery extends DeliveryFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

export const readDelivery = ({ id, fields, updateTime }: Document): Delivery => ({
  ...deliveryFields.parse(fields),
  id,
  updateTime,
});

export const deliveryId = (eventId: string, webhookId: string): string => `${eventId}.${webhookId}`;
export const deliveryPath = (id: string): string => `deliveries/${id}`;

/** Whether a text can be the id of a delivery. */
export const isDeliveryId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}\.wh_[0-9a-f]{24}$/.test(id);

export const deliveryDocument = (fields: Partial<DeliveryFields>): Fields => ({ ...fields });

/** The write that plans a delivery. @param due when it is to be sent, in milliseconds */
export const createDelivery = (
  event: Pick<Event, 'id' | 'at' | 'tenant_id' | 'type'>,
  webhookId: string,
  { due, asked }: { readonly due: number; readonly asked: boolean },
): Write => {
  const fields: DeliveryFields = {
    event_id: event.id,
    webhook_id: webhookId,
    tenant_id: event.tenant_id,
    type: event.type,
    status: 'pending',
    asked,
    attempt: 0,
    attempts_made: 0,
    attempts: [],
    lease: null,
    shard: eventShard(deliveryId(event.id, webhookId)),
    due,
    created_at: due,
  };
  return {
    op: 'create',
    path: deliveryPath(deliveryId(event.id, webhookId)),
    fields: deliveryDocument(fields),
    deleteAfter: event.at + EVENT_RETENTION,
  };
};

/** The write that sends a delivery once more, from the beginning of the schedule. */
export const redeliver = ({ id, updateTime }: Pick<Delivery, 'id' | 'updateTime'>, due: number): Write => ({
  op: 'update',
  path: deliveryPath(id),
  fields: { status: 'pending', asked: true, attempt: 0, lease: null, due },
  lastUpdateTime: updateTime,
});
