import type * as z from 'zod';
import { createLicense } from '#shared/contract/admin.ts';
import { terms } from '#shared/contract/license-terms.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { NewLicense } from '#shared/licenses/new-license.ts';
import { Misunderstood } from './misunderstood.ts';
import { METADATA_PREFIX } from './stripe-event.ts';

/** What a price sells, as its metadata says. */
export interface PriceTerms {
  /** The terms that the metadata names, by their names in the API. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Seats of a licence for each unit of the item's quantity. */
  readonly seatsPerUnit: number;
}

const SEATS_PER_UNIT = 'seats_per_unit';

/** Terms that are not a price's: the subscription decides on these, or the customer does, or a vendor by hand. */
const NOT_OF_PRICES = new Set([
  'max_seats',
  'expires_at',
  'label',
  'reference',
  'metadata',
  'starts',
  'duration_seconds',
]);

const SOLD: ReadonlyMap<string, z.ZodType> = new Map(
  Object.entries(terms).filter(([name]) => !NOT_OF_PRICES.has(name)),
);

/**
 * @param price the price's id
 * @param metadata its members that begin with `countersign_`
 * @throws Misunderstood `price` for a price without a tier, and for a name or a value that is none
 */
export function readPriceTerms(price: string, metadata: Readonly<Record<string, string>>): PriceTerms {
  const values: Record<string, unknown> = {};
  let seatsPerUnit = 1;
  for (const [member, text] of Object.entries(metadata)) {
    const name = member.slice(METADATA_PREFIX.length);
    const schema = SOLD.get(name);
    if (name === SEATS_PER_UNIT) seatsPerUnit = readUnits(price, member, text);
    else if (schema === undefined) throw new Misunderstood('price', { price, member, says: 'is no term of a licence' });
    else values[name] = readTerm(schema, name, text, { price, member });
  }
  if (values['tier'] === undefined) {
    throw new Misunderstood('price', { price, member: `${METADATA_PREFIX}tier`, says: 'is missing' });
  }
  return { values, seatsPerUnit };
}

/** Features are a list with commas, or JSON; another term is its text, or JSON for what is no text. */
function readTerm(schema: z.ZodType, name: string, text: string, where: { price: string; member: string }): unknown {
  const trimmed = text.trim();
  const isList = name === 'features' && !/^[[{]/.test(trimmed);
  const asText = isList ? trimmed.split(',').flatMap((feature) => feature.trim() || []) : trimmed;
  const [first] = [asText, jsonOf(trimmed)].flatMap((value) => (schema.safeParse(value).success ? [{ value }] : []));
  if (first === undefined) throw new Misunderstood('price', { ...where, says: 'has a value that is none' });
  return first.value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readUnits(price: string, member: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text.trim())) return Number(text);
  throw new Misunderstood('price', { price, member, says: 'must be a whole number of at least 1' });
}

/** What the subscription adds to a price's terms. */
export interface Sale {
  readonly tenantId: string;
  readonly item: string;
  readonly subscription: string;
  readonly price: string;
  readonly maxSeats: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The licence that was sold, checked as if a vendor had asked for it. @throws Misunderstood `price` */
export function licenseOfSale({ values }: PriceTerms, sale: Sale): NewLicense {
  const result = CREATE_BODY.safeParse({
    ...values,
    tenant_id: sale.tenantId,
    max_seats: sale.maxSeats,
    expires_at: formatTime(sale.expiresAt),
    reference: sale.item,
    metadata: { stripe_subscription_id: sale.subscription },
  });
  if (result.success) {
    const { offline_seconds, license_key, ...rest } = result.data;
    return { ...rest, offline_seconds, license_key };
  }
  const [issue] = result.error.issues;
  throw new Misunderstood('price', {
    price: sale.price,
    member: issue?.path.join('.') ?? '',
    says: issue?.message ?? '',
  });
}

const CREATE_BODY = bodyOf(createLicense);

function bodyOf<S extends z.ZodType>({ body }: { readonly body?: S }): S {
  if (body === undefined) throw new TypeError('a licence is created with a body');
  return body;
}
