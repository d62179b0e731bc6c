import * as z from 'zod';
import { canonicalJson, NotCanonicalError } from '../license-format/canonical-json.ts';
import { parseTime } from '../license-format/time.ts';
import { DEFAULT_BORROW_SECONDS, MAX_BORROW_SECONDS, MAX_RECALLS, MIN_BORROW_SECONDS } from '../model/borrow-terms.ts';
import { isJsonObject } from '../model/json-text.ts';
import { type Features, MAX_SEATS, type Metadata, RELEASE_MODES, TIERS } from '../model/license.ts';
import { HOLDERS_SHOWN, LEASE_UNITS, NO_SELF_SERVICE, ON_SECOND, SELF_RELEASE } from '../model/seat-rules.ts';
import { seatTerms } from './seat-terms.ts';

/** Bytes of features as canonical JSON, and of metadata as JSON. */
const MAX_JSON_BYTES = 4096;
const MAX_METADATA_MEMBERS = 50;

/** A time as people send it: any zone and precision, between the years 2000 and 9998. @returns milliseconds */
const timeToMilliseconds = z
  .string()
  .transform((text, context) => {
    const milliseconds = parseTime(text);
    if (milliseconds !== undefined) return milliseconds;
    context.addIssue('must be an RFC 3339 time with its zone, from 2000 to 9998');
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

/** A time in a query, as text. */
export const anyTime = z
  .string()
  .refine((text) => parseTime(text) !== undefined, 'must be an RFC 3339 time with its zone, from 2000 to 9998')
  .meta({ format: 'date-time' });

/** A day (UTC) stands for its beginning. */
export const dateOrTime = z
  .string()
  .refine(
    (text) => parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text) !== undefined,
    'must be a date, or an RFC 3339 time with its zone, from 2000 to 9998',
  );

/** Features are signed as they are sent, so they need a canonical form. */
export const features = z
  .custom<Features>(isFeatures, 'must be an array of strings, or an object of strings, integers and booleans')
  .superRefine((value, context) => {
    const bytes = canonicalBytes(value);
    if (bytes > MAX_JSON_BYTES) context.addIssue(`must have at most ${MAX_JSON_BYTES} bytes of canonical JSON`);
  })
  .meta({
    anyOf: [
      { type: 'array', items: { type: 'string' } },
      { type: 'object', additionalProperties: { type: ['string', 'boolean', 'integer'] } },
    ],
  });

/** The vendor's own data about a licence or tenant: any JSON values, kept as they are and never signed. */
export const metadata = z
  .custom<Metadata>(isJsonObject, 'must be an object')
  .superRefine((value, context) => {
    if (Object.keys(value).length > MAX_METADATA_MEMBERS) {
      context.addIssue(`must have at most ${MAX_METADATA_MEMBERS} members`);
    }
    if (hasRoundedNumber(value)) context.addIssue('must have no integer beyond ±(2^53 - 1), which a double rounds');
    if (Buffer.byteLength(JSON.stringify(value)) > MAX_JSON_BYTES) {
      context.addIssue(`must have at most ${MAX_JSON_BYTES} bytes of JSON`);
    }
  })
  .meta({ type: 'object', maxProperties: MAX_METADATA_MEMBERS });

const label = z.string().max(200).nullable();
export const reference = z.string().max(200).nullable();

/** A time for which a seat is borrowed. A licence may allow less. */
export const borrowSeconds = z.number().int().min(MIN_BORROW_SECONDS);

/** How many seats may be borrowed, and for how long. */
const borrow = z
  .strictObject({
    max_seats: z
      .number()
      .int()
      .min(1)
      .max(MAX_SEATS)
      .describe("seats that may be borrowed at once; at most the licence's"),
    max_seconds: z
      .number()
      .int()
      .min(MIN_BORROW_SECONDS)
      .max(MAX_BORROW_SECONDS)
      .default(DEFAULT_BORROW_SECONDS)
      .describe('the longest time for which a seat may be borrowed'),
    early_return: z.boolean().default(false).describe('whether a borrowed seat can be given back before its end'),
    max_recalls: z
      .number()
      .int()
      .min(0)
      .max(MAX_RECALLS)
      .default(0)
      .describe("borrowed seats that the tenant's people may take back in 365 days"),
  })
  .nullable()
  .describe('null: seats cannot be borrowed');

/** What whoever has a licence key may see of the seats in use, and free. */
export const selfService = z.strictObject({
  holders: z
    .enum(HOLDERS_SHOWN)
    .default(NO_SELF_SERVICE.holders)
    .describe('what a key holder is told of the seats in use: nothing, how many, or by whom'),
  release: z
    .enum(SELF_RELEASE)
    .default(NO_SELF_SERVICE.release)
    .describe('which seats a key holder may free: none, those that came with the same key or user, or any'),
});

/** What a vendor sells, apart from tenant and keys: each term can be set at creation and changed later. */
export const terms = {
  product: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'must be a slug: a-z, 0-9 and hyphens, at most 64 characters')
    .describe('a client that names another product refuses the licence'),
  tier: z.enum(TIERS),
  max_seats: z.number().int().min(1).max(MAX_SEATS),
  expires_at: timeToMilliseconds.nullable().describe('null: the licence has no end'),
  updates_until: timeToMilliseconds
    .nullable()
    .describe('until when the customer gets updates; signed, decided by the client'),
  label: label.describe('shown to people; the customer may change it'),
  reference: reference.describe("the vendor's own identifier, e.g. of an order"),
  metadata,
  features,
  lease_seconds: z.number().int().min(30).max(86_400),
  offline_seconds: z
    .number()
    .int()
    .min(0)
    .max(400 * 86_400)
    .describe('how long a copy of the licence works after its lease; 0: strict'),
  release: z
    .enum(RELEASE_MODES)
    .describe('`after_copy`: a released seat is free when the last signed copy has ended; `at_once`: immediately'),
  borrow,
  lease_per: z
    .enum(LEASE_UNITS)
    .describe('what takes one seat, however often it asks; changing it ends every session with `license_suspended`'),
  on_second: z
    .enum(ON_SECOND)
    .describe('per user, what a second machine of a user gets: the seat, which moves, or 409 `held_elsewhere`'),
  named_users: z.boolean().describe("per user: only users on the licence's list get a seat"),
  self_service: selfService
    .nullable()
    .transform((value) => value ?? NO_SELF_SERVICE)
    .describe('what whoever has a licence key may do for himself; null: nothing'),
  ...seatTerms,
};

function isFeatures(value: unknown): value is Features {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string' && item.isWellFormed());
  return (
    isJsonObject(value) && Object.entries(value).every(([name, item]) => name.isWellFormed() && isFeatureValue(item))
  );
}

const isFeatureValue = (value: unknown): boolean =>
  typeof value === 'boolean' || Number.isSafeInteger(value) || (typeof value === 'string' && value.isWellFormed());

function hasRoundedNumber(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasRoundedNumber);
}

function canonicalBytes(value: Features): number {
  try {
    return Buffer.byteLength(canonicalJson(value));
  } catch (error) {
    if (error instanceof NotCanonicalError) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
