import type { License } from '../../api/types.ts';

/** A licence as its form has it: texts of fields. */
export interface LicenseDraft {
  readonly tenant: string;
  readonly label: string;
  readonly reference: string;
  readonly seats: string;
  readonly tier: string;
  readonly ends: 'year' | 'two-years' | 'date' | 'never';
  /** `2027-01-31`, where the person is. */
  readonly date: string;
  /** One a line. */
  readonly features: string;
  readonly product: string;
  /** Seconds; empty: by tier. */
  readonly offline: string;
  readonly lease: string;
  readonly release: string;
  readonly updates: string;
  readonly borrow: boolean;
  readonly borrowSeats: string;
  readonly borrowDays: string;
  readonly earlyReturn: boolean;
  readonly recalls: string;
  readonly leasePer: string;
  readonly onSecond: string;
  readonly namedUsers: boolean;
  readonly holders: string;
  readonly selfRelease: string;
  /** Machines that may wait; empty: none. */
  readonly queue: string;
  /** Seconds; empty: off. */
  readonly hold: string;
  readonly machines: string;
  readonly grace: string;
}

const DAY = 86_400;

export const NEW_LICENSE: LicenseDraft = {
  tenant: '',
  label: '',
  reference: '',
  seats: '10',
  tier: 'professional',
  ends: 'year',
  date: '',
  features: '',
  product: 'default',
  offline: '',
  lease: '360',
  release: 'at_once',
  updates: '',
  borrow: false,
  borrowSeats: '1',
  borrowDays: '7',
  earlyReturn: false,
  recalls: '0',
  leasePer: 'machine',
  onSecond: 'move',
  namedUsers: false,
  holders: 'none',
  selfRelease: 'none',
  queue: '',
  hold: '',
  machines: '',
  grace: '',
};

export function draftOf(license: License): LicenseDraft {
  const { borrow, expires_at, updates_until, self_service, queue } = license;
  return {
    tenant: license.tenant_id,
    label: license.label ?? '',
    reference: license.reference ?? '',
    seats: String(license.max_seats),
    tier: license.tier,
    ends: expires_at === null ? 'never' : 'date',
    date: expires_at === null ? '' : dateOf(new Date(expires_at)),
    features: featureLines(license.features),
    product: license.product,
    offline: String(license.offline_seconds),
    lease: String(license.lease_seconds),
    release: license.release,
    updates: updates_until === null ? '' : dateOf(new Date(updates_until)),
    borrow: borrow !== null,
    borrowSeats: String(borrow?.max_seats ?? NEW_LICENSE.borrowSeats),
    borrowDays: String((borrow?.max_seconds ?? 7 * DAY) / DAY),
    earlyReturn: borrow?.early_return ?? false,
    recalls: String(borrow?.max_recalls ?? 0),
    leasePer: license.lease_per,
    onSecond: license.on_second,
    namedUsers: license.named_users,
    holders: self_service.holders,
    selfRelease: self_service.release,
    queue: text(queue?.max_length),
    hold: text(license.hold_seconds),
    machines: text(license.machines_per_day),
    grace: text(license.grace_seconds),
  };
}

const text = (value: number | null | undefined) => (value === null || value === undefined ? '' : String(value));
const optional = (value: string) => (value.trim() === '' ? null : Number(value));

/** The members of a request that say what the draft says. */
export function membersOf(draft: LicenseDraft): Record<string, unknown> {
  return {
    label: draft.label.trim() || null,
    reference: draft.reference.trim() || null,
    max_seats: Number(draft.seats),
    tier: draft.tier,
    expires_at: endOf(draft),
    features: featuresOf(draft.features),
    product: draft.product.trim(),
    offline_seconds: draft.offline === '' ? undefined : Number(draft.offline),
    lease_seconds: Number(draft.lease),
    release: draft.release,
    updates_until: draft.updates === '' ? null : endOfDay(draft.updates),
    borrow: draft.borrow
      ? {
          max_seats: Number(draft.borrowSeats),
          max_seconds: Math.round(Number(draft.borrowDays) * DAY),
          early_return: draft.earlyReturn,
          max_recalls: Number(draft.recalls),
        }
      : null,
    lease_per: draft.leasePer,
    on_second: draft.onSecond,
    named_users: draft.namedUsers,
    self_service: { holders: draft.holders, release: draft.selfRelease },
    queue: draft.queue.trim() === '' ? null : { max_length: Number(draft.queue) },
    hold_seconds: optional(draft.hold),
    machines_per_day: optional(draft.machines),
    grace_seconds: optional(draft.grace),
  };
}

/** What differs from the licence as it is; a customer's people send only what they may set. */
export function changesOf(license: License, draft: LicenseDraft): Record<string, unknown> {
  const before = membersOf(draftOf(license));
  return Object.fromEntries(
    Object.entries(membersOf(draft)).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(before[name]),
    ),
  );
}

function endOf({ ends, date }: LicenseDraft): string | null {
  switch (ends) {
    case 'never':
      return null;
    case 'date':
      return endOfDay(date);
    case 'year':
      return endOfDay(inYears(1));
    case 'two-years':
      return endOfDay(inYears(2));
    default:
      return ends satisfies never;
  }
}

function inYears(years: number, now = new Date()): string {
  return dateOf(new Date(now.getFullYear() + years, now.getMonth(), now.getDate()));
}

/** The last second of a day where the person is. A date that is none becomes what the API refuses, with its path. */
function endOfDay(date: string): string {
  const end = new Date(`${date}T23:59:59`);
  return Number.isNaN(end.getTime()) ? date : end.toISOString();
}

const two = (value: number) => String(value).padStart(2, '0');

const dateOf = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

const featureLines = (features: License['features']): string =>
  (Array.isArray(features) ? features : Object.entries(features).map(([name, value]) => `${name} = ${value}`)).join(
    '\n',
  );

/** Lines of names make a list; as soon as one has a value (`name = value`), all become members of an object. */
function featuresOf(lines: string): readonly string[] | Record<string, string | number | boolean> {
  const all = lines
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (!all.some((line) => line.includes('='))) return all;
  return Object.fromEntries(
    all.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name.trim(), featureValue(value.join('=').trim(), line.includes('='))];
    }),
  );
}

function featureValue(value: string, given: boolean): string | number | boolean {
  if (!given || value === 'true') return true;
  if (value === 'false') return false;
  return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}
