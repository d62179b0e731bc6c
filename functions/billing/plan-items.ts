import { changesOf } from '#shared/audit/changes.ts';
import { type FurtherAct, newAuditStamp } from '#shared/audit/commit-audited.ts';
import { seatsOf } from '#shared/licenses/allotment.ts';
import { licenseEvent, typeOfChange } from '#shared/licenses/license-event.ts';
import { type NewLicense, newLicense, termsOf } from '#shared/licenses/new-license.ts';
import { asWanted, changesSeats, planChange } from '#shared/licenses/plan-change.ts';
import { isFault } from '#shared/model/errors.ts';
import { type License, type LicenseFields, licenseDocument } from '#shared/model/license.ts';
import { newLicenseId } from '#shared/model/license-key.ts';
import { paths } from '#shared/seats/paths.ts';
import type { FieldValue, Write } from '#shared/store/store.ts';
import type { Entitlement } from './entitlement.ts';
import { Misunderstood } from './misunderstood.ts';
import { licenseOfSale } from './price-terms.ts';
import type { ItemRecord } from './records.ts';
import type { SnapshotItem } from './stripe-event.ts';

/** An item of a subscription, what it entitles to, and what there is of it. */
export interface ItemSituation {
  readonly item: Pick<SnapshotItem, 'id' | 'price'>;
  readonly subscription: string;
  readonly entitlement: Entitlement;
  readonly record: ItemRecord | undefined;
  readonly license: License | undefined;
  /** Where a new licence belongs. */
  readonly tenantId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What one item contributes to the commit of its event. */
export interface PlannedItem {
  readonly record: ItemRecord;
  readonly licenseId?: string;
  readonly tenantId?: string;
  readonly writes: readonly Write[];
  readonly act?: FurtherAct;
  /** Seats to add to the count of the licence's tenant, or to take off. */
  readonly seats: number;
  /** Whether the seats must be reconciled after the commit. */
  readonly reconciles: boolean;
}

const NOTHING: ItemRecord = { license_id: null, suspended: false, sold: [], open: false };

/**
 * Plans what an item's entitlement makes of its licence. Pure but for random ids.
 * @throws Misunderstood `price`, `license`
 */
export function planItem(situation: ItemSituation): PlannedItem {
  const { entitlement, license, record = NOTHING } = situation;
  const unchanged = { record: { ...record, open: false }, writes: [], seats: 0, reconciles: false };
  if (license === undefined) {
    return entitlement.kind === 'licensed' ? planCreation(situation, entitlement) : unchanged;
  }
  if (entitlement.kind === 'none') return unchanged;
  if (license.archived) {
    if (entitlement.kind !== 'licensed') return unchanged;
    throw new Misunderstood('license', { item: situation.item.id, license_id: license.id, says: 'is archived' });
  }
  return planUpdate(situation, license, entitlement);
}

type Licensed = Extract<Entitlement, { kind: 'licensed' }>;

function sold({ item, subscription, tenantId }: ItemSituation, { terms, seats, expiresAt }: Licensed): NewLicense {
  const sale = { tenantId, item: item.id, subscription, price: item.price, maxSeats: seats, expiresAt };
  return licenseOfSale(terms, sale);
}

/** A licence without a key: whoever is to have one asks for it, and no key lies about until then. */
function planCreation(situation: ItemSituation, entitlement: Licensed): PlannedItem {
  const { now, tenantId } = situation;
  const license = newLicense(sold(situation, entitlement), now);
  const licenseId = newLicenseId();
  return {
    record: { ...NOTHING, license_id: licenseId, sold: Object.keys(entitlement.terms.values) },
    licenseId,
    tenantId,
    writes: [{ op: 'create', path: paths.license(licenseId), fields: licenseDocument(license) }],
    act: {
      stamp: newAuditStamp(now),
      event: { action: 'license.create', tenantId, licenseId, details: termsOf(license) },
      outbox: licenseEvent('license.created', { ...license, id: licenseId }),
    },
    seats: seatsOf(license),
    reconciles: true,
  };
}

function planUpdate(situation: ItemSituation, license: License, entitlement: Entitlement): PlannedItem {
  const { now, record = NOTHING } = situation;
  const { status, suspended } = standingOf(license, record, entitlement);
  const update = { ...termsFor(situation, license, entitlement), status };
  const { before, after } = changesOf(asWanted(license), update);
  const { id: licenseId, tenant_id: tenantId } = license;
  const names = entitlement.kind === 'licensed' ? Object.keys(entitlement.terms.values) : record.sold;
  const next = { license_id: licenseId, suspended, sold: names, open: false };
  if (Object.keys(after).length === 0) {
    return { record: next, licenseId, tenantId, writes: [], seats: 0, reconciles: license.reconciling };
  }
  const { changed, write, seats } = planned(license, after, now);
  return {
    record: next,
    licenseId,
    tenantId,
    writes: [write],
    act: {
      stamp: newAuditStamp(now),
      event: { action: 'license.change', tenantId, licenseId, details: { before, after } },
      outbox: licenseEvent(typeOfChange(license, changed), changed, license),
    },
    seats,
    reconciles: changesSeats(after) || license.reconciling,
  };
}

function planned(license: License, after: Partial<LicenseFields>, now: number) {
  try {
    return planChange(license, after, now);
  } catch (error) {
    if (!isFault(error, 'invalid_request')) throw error;
    throw new Misunderstood('price', { license_id: license.id, says: error.message });
  }
}

/** Stripe's word takes back a suspension that was Stripe's word, and no other. */
function standingOf({ status }: License, record: ItemRecord, { kind }: Entitlement) {
  if (kind === 'ended') return { status, suspended: record.suspended };
  if (kind === 'withheld')
    return status === 'active' && !record.suspended ? SUSPENDED : { status, suspended: record.suspended };
  return { status: record.suspended ? ('active' as const) : status, suspended: false };
}

const SUSPENDED = { status: 'suspended', suspended: true } as const;

/** The fields that the entitlement decides on. A term that the price names no more goes back to its default. */
function termsFor(
  situation: ItemSituation,
  license: License,
  entitlement: Entitlement,
): Readonly<Record<string, FieldValue | undefined>> {
  if (entitlement.kind === 'ended') {
    const at = Math.min(entitlement.at, situation.now);
    return { expires_at: license.expires_at === null ? at : Math.min(license.expires_at, at) };
  }
  if (entitlement.kind !== 'licensed') return {};
  const wanted = newLicense(sold(situation, entitlement), situation.now);
  const named = [...Object.keys(entitlement.terms.values), ...(situation.record?.sold ?? [])];
  const names = new Set(['tier', 'max_seats', 'expires_at', ...named]);
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => names.has(name)));
}
