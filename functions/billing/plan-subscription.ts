import type { FurtherAct } from '#shared/audit/commit-audited.ts';
import { allotSeats } from '#shared/licenses/allotment.ts';
import { isFault } from '#shared/model/errors.ts';
import { type License, readLicense, TIERS, type Tier } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import { type CustomerTenant, creationOf, findTenant, newsFor, newsWrites, tenantIdOf } from './customers.ts';
import { type Entitlement, entitlementOf, type Moments } from './entitlement.ts';
import { mergeUpdates } from './merge-writes.ts';
import { Misunderstood } from './misunderstood.ts';
import { type PlannedItem, planItem } from './plan-items.ts';
import { billingQueries } from './queries.ts';
import type { ItemRecord, SubscriptionState } from './records.ts';
import type { Snapshot, SnapshotItem } from './stripe-event.ts';

type Reader = Pick<DocumentStore, 'get' | 'query'>;

export interface SubscriptionSituation {
  readonly subscription: string;
  readonly snapshot: Snapshot;
  readonly moments: Moments;
  readonly items: SubscriptionState['items'];
  /** The items to plan; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Milliseconds. */
  readonly grace: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What an event's commit consists of, apart from what is known of the subscription. */
export interface SubscriptionPlan {
  readonly tenantId: string;
  readonly items: SubscriptionState['items'];
  readonly writes: readonly Write[];
  readonly acts: readonly FurtherAct[];
  readonly misunderstood: readonly Misunderstood[];
  /** Licences whose seats have to be reconciled. */
  readonly licenseIds: readonly string[];
}

/** An item with what it entitles to, or why that is unknown. */
interface Judged {
  readonly item: Pick<SnapshotItem, 'id' | 'price'>;
  readonly entitlement: Entitlement | Misunderstood;
}

/**
 * Plans the licences of a subscription's items, each by itself: one that is not understood leaves the others alone.
 */
export async function planSubscription(store: Reader, situation: SubscriptionSituation): Promise<SubscriptionPlan> {
  const judged = judge(situation).filter(({ item }) => situation.only?.includes(item.id) !== false);
  const tenant = await tenantFor(store, situation, judged);
  if (tenant instanceof Misunderstood) return refused(situation, judged, tenant);
  const licenses = await readLicenses(store, situation, judged, tenant);
  return (
    (await plan(store, situation, tenant, judged, licenses, true)) ??
    // The tenant's limit has no room: what asks for no more seats is done all the same.
    (await plan(store, situation, tenant, judged, licenses, false)) ??
    refused(situation, judged, new Misunderstood('seat_limit'))
  );
}

/** Every item of the snapshot, and those that were there before and are gone. */
function judge({ snapshot, moments, items, grace }: SubscriptionSituation): Judged[] {
  const shown = snapshot.items.map((item) => ({
    item,
    entitlement: understood(() => entitlementOf(snapshot, item, moments, { grace })),
  }));
  const known = new Set(snapshot.items.map(({ id }) => id));
  const gone = Object.keys(items).filter((id) => !known.has(id));
  return [
    ...shown,
    ...gone.map(
      (id): Judged => ({
        item: { id, price: '' },
        entitlement: snapshot.complete
          ? { kind: 'ended', at: moments.event * 1000 }
          : new Misunderstood('items', { item: id, says: 'is not shown, because there are too many' }),
      }),
    ),
  ];
}

function understood<T>(act: () => T): T | Misunderstood {
  try {
    return act();
  } catch (error) {
    if (error instanceof Misunderstood) return error;
    throw error;
  }
}

/** The tenant, if one is needed: a subscription that nothing was sold by makes none. */
async function tenantFor(
  store: Reader,
  { subscription, snapshot, now }: SubscriptionSituation,
  judged: readonly Judged[],
): Promise<CustomerTenant | Misunderstood | undefined> {
  if (!judged.some(({ entitlement }) => !(entitlement instanceof Misunderstood) && entitlement.kind === 'licensed')) {
    return undefined;
  }
  try {
    const tier = highestTier(judged);
    return await findTenant(store, { customer: snapshot.customer, subscription, tier, now });
  } catch (error) {
    if (error instanceof Misunderstood) return error;
    throw error;
  }
}

function highestTier(judged: readonly Judged[]): Tier | undefined {
  const sold = judged.flatMap(({ entitlement }) =>
    !(entitlement instanceof Misunderstood) && entitlement.kind === 'licensed'
      ? [entitlement.terms.values['tier']]
      : [],
  );
  return TIERS.findLast((tier) => sold.includes(tier));
}

/** By the item's id: the licence that it has, or one that a vendor has made for it. */
async function readLicenses(
  store: Reader,
  { items }: SubscriptionSituation,
  judged: readonly Judged[],
  tenant: CustomerTenant | undefined,
): Promise<ReadonlyMap<string, License | Misunderstood>> {
  const known = judged.flatMap(({ item }) => {
    const licenseId = items[item.id]?.license_id;
    return licenseId == null ? [] : [{ item: item.id, licenseId }];
  });
  const documents = await store.get(known.map(({ licenseId }) => paths.license(licenseId)));
  const found = new Map<string, License | Misunderstood>();
  for (const [index, { item, licenseId }] of known.entries()) {
    const document = documents[index];
    const gone = () => new Misunderstood('license', { item, license_id: licenseId, says: 'is gone' });
    found.set(item, document === undefined ? gone() : readLicense(document));
  }
  if (tenant?.kind !== 'found') return found;
  for (const { item } of judged.filter(({ item: { id } }) => !found.has(id))) {
    const [first, second] = await store.query(billingQueries.licensesOf(tenant.tenant.id, item.id));
    const several = () => new Misunderstood('license', { item: item.id, says: 'is the reference of several licences' });
    if (first !== undefined) found.set(item.id, second === undefined ? readLicense(first) : several());
  }
  return found;
}

const UNKNOWN: ItemRecord = { license_id: null, suspended: false, sold: [], open: true };

/** @returns undefined when the tenant's limit has no room */
async function plan(
  store: Reader,
  situation: SubscriptionSituation,
  tenant: CustomerTenant | undefined,
  judged: readonly Judged[],
  licenses: ReadonlyMap<string, License | Misunderstood>,
  mayGrow: boolean,
): Promise<SubscriptionPlan | undefined> {
  const { subscription, now, items } = situation;
  const done: PlannedItem[] = [];
  const misunderstood: Misunderstood[] = [];
  const next: Record<string, ItemRecord> = { ...items };
  for (const { item, entitlement } of judged) {
    const record = items[item.id];
    const license = licenses.get(item.id);
    const one = understood(() => {
      if (entitlement instanceof Misunderstood) throw entitlement;
      if (license instanceof Misunderstood) throw license;
      const tenantId = tenant === undefined ? '' : tenantIdOf(tenant);
      const planned = planItem({ item, subscription, entitlement, record, license, tenantId, now });
      if (!mayGrow && planned.seats > 0) throw new Misunderstood('seat_limit', { item: item.id });
      return planned;
    });
    next[item.id] = one instanceof Misunderstood ? { ...(record ?? UNKNOWN), open: true } : one.record;
    if (one instanceof Misunderstood) misunderstood.push(one);
    else done.push(one);
  }
  const tenants = await tenantWrites(store, situation, tenant, judged, done);
  if (tenants === undefined) return undefined;
  return {
    tenantId: done.flatMap((one) => one.tenantId ?? [])[0] ?? (tenant?.kind === 'found' ? tenant.tenant.id : ''),
    items: next,
    writes: mergeUpdates([...done.flatMap(({ writes }) => writes), ...tenants.writes]),
    acts: [...tenants.acts, ...done.flatMap(({ act }) => act ?? [])],
    misunderstood,
    licenseIds: done.flatMap(({ licenseId, reconciles }) => (reconciles && licenseId !== undefined ? [licenseId] : [])),
  };
}

/** @returns undefined when a tenant's limit has no room */
async function tenantWrites(
  store: Reader,
  { subscription, snapshot: { customer }, now }: SubscriptionSituation,
  tenant: CustomerTenant | undefined,
  judged: readonly Judged[],
  done: readonly PlannedItem[],
): Promise<{ readonly writes: readonly Write[]; readonly acts: readonly FurtherAct[] } | undefined> {
  const seatsOf = (id: string) => done.filter((one) => one.tenantId === id).reduce((sum, { seats }) => sum + seats, 0);
  const makes = done.some(({ tenantId }) => tenantId !== undefined);
  if (tenant?.kind === 'new' && makes) {
    const { writes, act } = creationOf(tenant, seatsOf(tenant.id), now);
    return { writes, acts: [act] };
  }
  const writes: Write[] = [];
  const licenseIds = done.flatMap(({ licenseId }) => licenseId ?? []);
  for (const tenantId of new Set(done.flatMap((one) => one.tenantId ?? []))) {
    const allotted = await allot(store, { tenantId, seats: seatsOf(tenantId), licenseIds, now });
    if (allotted === undefined) return undefined;
    writes.push(...allotted);
  }
  if (tenant?.kind !== 'found') return { writes, acts: [] };
  const news = { customer, subscription, tier: highestTier(judged) };
  const told = newsWrites(tenant, news, newsFor(tenant, news), now);
  return { writes: [...writes, ...told.writes], acts: told.act === undefined ? [] : [told.act] };
}

async function allot(store: Reader, request: Parameters<typeof allotSeats>[1]): Promise<readonly Write[] | undefined> {
  try {
    return await allotSeats(store, request);
  } catch (error) {
    if (isFault(error, 'seat_limit_exceeded')) return undefined;
    throw error;
  }
}

/** Nothing of it can be done. */
function refused({ items }: SubscriptionSituation, judged: readonly Judged[], why: Misunderstood): SubscriptionPlan {
  const open = judged.map(({ item }) => [item.id, { ...(items[item.id] ?? UNKNOWN), open: true }]);
  return {
    tenantId: '',
    items: { ...items, ...Object.fromEntries(open) },
    writes: [],
    acts: [],
    misunderstood: [why],
    licenseIds: [],
  };
}
