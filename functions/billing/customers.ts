import { type FurtherAct, newAuditStamp } from '#shared/audit/commit-audited.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import type { Tier } from '#shared/model/license.ts';
import {
  newTenantId,
  readTenant,
  type Tenant,
  type TenantFields,
  tenantDocument,
  tenantPath,
} from '#shared/model/tenant.ts';
import type { DocumentReader, Write } from '#shared/store/store.ts';
import { Misunderstood } from './misunderstood.ts';
import { billingQueries } from './queries.ts';
import { billingPaths, customerFields } from './records.ts';

/** A customer's tenant, as it was read, or the one that the commit makes. */
export type CustomerTenant =
  | { readonly kind: 'found'; readonly tenant: Tenant; readonly provisional: boolean }
  | { readonly kind: 'new'; readonly id: string; readonly fields: TenantFields; readonly reservation: Write };

export const tenantIdOf = (found: CustomerTenant): string => (found.kind === 'new' ? found.id : found.tenant.id);

/** What a tenant is called until a checkout tells the customer's name. */
const placeholder = (customer: string): string => customer;

export interface NewCustomer {
  readonly customer: string;
  readonly subscription: string;
  readonly name?: string | undefined;
  /** Undefined: its subscription is not known yet. */
  readonly tier?: Tier | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The tenant whose `stripe_customer_id` is the customer's; the field decides, so a vendor may set it on a tenant that was
 * there before. Otherwise a new one: its document named after the customer lets only one of several commits make it.
 * @throws Misunderstood `tenant` when several tenants have the id
 */
export async function findTenant(
  store: Pick<DocumentReader, 'get' | 'query'>,
  { customer, subscription, name, tier, now }: NewCustomer,
): Promise<CustomerTenant> {
  // The reservation first: a tenant that is made after it was read is found by the query, or fails the commit.
  const path = billingPaths.customer(customer);
  const [reserved] = await store.get([path]);
  const [first, second] = await store.query(billingQueries.tenantsOf(customer));
  if (first !== undefined && second !== undefined) {
    throw new Misunderstood('tenant', { customer, tenants: `${first.id} ${second.id}` });
  }
  const record = reserved && customerFields.parse(reserved.fields);
  if (first !== undefined) {
    return { kind: 'found', tenant: readTenant(first), provisional: record?.provisional === true };
  }
  const id = newTenantId();
  const fields: EveryMember<TenantFields> = {
    name: name ?? placeholder(customer),
    tier: tier ?? 'trial',
    seat_limit: null,
    seats_allotted: 0,
    owners: 0,
    members: 0,
    reference: null,
    metadata: {},
    stripe_customer_id: customer,
    stripe_subscription_id: subscription,
    created_at: now,
  };
  const reservation = { tenant_id: id, provisional: tier === undefined, created_at: now };
  return {
    kind: 'new',
    id,
    fields,
    reservation:
      reserved === undefined
        ? { op: 'create', path, fields: reservation }
        : { op: 'update', path, fields: reservation, lastUpdateTime: reserved.updateTime },
  };
}

/** The writes of a new tenant. @param seats of the licences that the same commit makes */
export function creationOf(tenant: Extract<CustomerTenant, { kind: 'new' }>, seats: number, now: number) {
  const { id, fields, reservation } = tenant;
  const document = tenantDocument({ ...fields, seats_allotted: seats });
  const act: FurtherAct = {
    stamp: newAuditStamp(now),
    event: {
      action: 'tenant.create',
      tenantId: id,
      details: { name: fields.name, tier: fields.tier, stripe_customer_id: fields.stripe_customer_id },
    },
  };
  return { writes: [{ op: 'create' as const, path: tenantPath(id), fields: document }, reservation], act };
}

/** What an event tells of a tenant that was there before. */
export interface TenantNews {
  readonly customer: string;
  readonly subscription: string;
  readonly name?: string | undefined;
  readonly tier?: Tier | undefined;
}

/** The fields to set: whatever is a placeholder, and nothing that a vendor has set. */
export function newsFor(
  { tenant, provisional }: Extract<CustomerTenant, { kind: 'found' }>,
  { customer, subscription, name, tier }: TenantNews,
): Partial<TenantFields> {
  return {
    ...(name !== undefined && tenant.name === placeholder(customer) ? { name } : {}),
    ...(tier !== undefined && provisional && tenant.tier !== tier ? { tier } : {}),
    ...(tenant.stripe_subscription_id === null ? { stripe_subscription_id: subscription } : {}),
  };
}

/** The writes of such news; a tenant's tier is no placeholder any more. */
export function newsWrites(
  { tenant, provisional }: Extract<CustomerTenant, { kind: 'found' }>,
  { customer, tier }: TenantNews,
  fields: Partial<TenantFields>,
  now: number,
): { readonly writes: readonly Write[]; readonly act: FurtherAct | undefined } {
  const { id, updateTime: lastUpdateTime } = tenant;
  const known: Write[] =
    tier !== undefined && provisional
      ? [{ op: 'update', path: billingPaths.customer(customer), fields: { provisional: false } }]
      : [];
  if (Object.keys(fields).length === 0) return { writes: known, act: undefined };
  const before = Object.fromEntries(Object.keys(fields).map((name) => [name, Reflect.get(tenant, name) ?? null]));
  return {
    writes: [...known, { op: 'update', path: tenantPath(id), fields: tenantDocument(fields), lastUpdateTime }],
    act: {
      stamp: newAuditStamp(now),
      event: { action: 'tenant.change', tenantId: id, details: { before, after: { ...tenantDocument(fields) } } },
    },
  };
}
