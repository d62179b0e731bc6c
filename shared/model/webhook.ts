import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Document, Fields, UpdateTime } from '../store/store.ts';
import { EVENT_TYPES, type EventType } from './event.ts';

/** Endpoints of one tenant, and of the vendor. */
export const MAX_WEBHOOKS = 10;

/** Secrets that sign at the same time: the newest, and those in their grace. */
export const MAX_SECRETS = 3;

export const WEBHOOK_STATUSES = ['enabled', 'disabled'] as const;

/** `by_request`: somebody disabled it; `gone`: it answered 410; `failing`: nothing was delivered for five days. */
export const DISABLED_REASONS = ['by_request', 'gone', 'failing'] as const;

/** The tenant of the vendor's own endpoints, which hear of every tenant. */
export const VENDOR_TENANT = '';

const integer = z.number().int();

const secret = z.object({
  /** base64 of what Cloud KMS made of the 32 bytes, bound to the webhook's id. */
  sealed: z.string(),
  created_at: integer,
  /** When it stops to sign; null for the newest one. */
  until: integer.nullable(),
});

const recovery = z.object({
  /** Events of this period that were not delivered are sent again; milliseconds since the epoch. */
  since: integer,
  until: integer,
  /** The id of the last event that was looked at; null at the beginning. */
  after: z.string().nullable(),
});

/** `webhooks/{webhook_id}`: an endpoint that is told of events. Times are milliseconds since the epoch. */
const webhookFields = z.object({
  tenant_id: z.string(),
  url: z.string(),
  /** Types, or beginnings of types: `license.*`, `*`. */
  events: z.array(z.string()),
  description: z.string().nullable(),
  status: z.enum(WEBHOOK_STATUSES),
  disabled_reason: z.enum(DISABLED_REASONS).nullable(),
  /** When the first of the failures was that no success has followed; null: none is open. */
  failing_since: integer.nullable(),
  /** The newest first. */
  secrets: z.array(secret).min(1).max(MAX_SECRETS),
  recovery: recovery.nullable(),
  /** Whether `recovery` has something left, for the query. */
  recovering: z.boolean(),
  /** When the licences of its tenant are to be marked (again) with what their events are wanted for; null: they are. */
  mark_due: integer.nullable(),
  created_at: integer,
});

export type WebhookFields = z.output<typeof webhookFields>;
export type WebhookSecret = WebhookFields['secrets'][number];

export interface Webhook extends WebhookFields {
  readonly id: string;
  readonly updateTime: UpdateTime;
}

export const readWebhook = ({ id, fields, updateTime }: Document): Webhook => ({
  ...webhookFields.parse(fields),
  id,
  updateTime,
});

export const webhookDocument = (fields: Partial<WebhookFields>): Fields => ({ ...fields });

export const newWebhookId = (): string => `wh_${randomBytes(12).toString('hex')}`;

export const webhookPath = (webhookId: string): string => `webhooks/${webhookId}`;

const GROUPS: ReadonlySet<string> = new Set(EVENT_TYPES.map((type) => type.slice(0, type.indexOf('.'))));
const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Whether a subscription names anything: `*`, `license.*`, or a type. */
export const isSubscription = (text: string): boolean =>
  text === '*' || TYPES.has(text) || (text.endsWith('.*') && GROUPS.has(text.slice(0, -2)));

export const subscribesTo = ({ events }: Pick<WebhookFields, 'events'>, type: EventType): boolean =>
  events.some((one) => one === '*' || one === type || (one.endsWith('.*') && type.startsWith(one.slice(0, -1))));

/** The secrets that sign at a moment. */
export const signingSecrets = ({ secrets }: Pick<WebhookFields, 'secrets'>, now: number): readonly WebhookSecret[] =>
  secrets.filter(({ until }) => until === null || until > now);
