import type { AttemptedRequest } from '#functions/seats/acquire-request.ts';
import { NO_BORROWS, NO_ORPHANS } from '#functions/seats/borrow-snapshot.ts';
import type { HolderRecord, SeatSnapshot } from '#functions/seats/snapshot.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { type KeyRecord, newKeyFields } from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import { hashLicenseKey } from '#shared/model/license-key.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { DEFAULT_SEAT_RULES } from '#shared/model/seat-rules.ts';
import { SEAT_TERMS_OFF } from '#shared/model/seat-terms.ts';
import type { Session } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document } from '#shared/store/store.ts';

export const NOW = Date.UTC(2026, 0, 31);
export const LEASE_SECONDS = 360;
export const DAY = 24 * 3_600_000;

const READ_AT = { seconds: '1', nanos: 0 };

export const KEY: LicenseKey = { licenseId: 'lic_0123456789ab', text: 'KEY' };
export const OLD_KEY: LicenseKey = { licenseId: KEY.licenseId, text: 'OLD' };

export const license = (change: Partial<License> = {}): License => ({
  id: KEY.licenseId,
  updateTime: READ_AT,
  tenant_id: 'acme',
  product: 'default',
  label: null,
  reference: null,
  metadata: {},
  archived: false,
  allotted: true,
  updates_until: null,
  release: 'at_once',
  ...DEFAULT_SEAT_RULES,
  tier: 'starter',
  features: ['export'],
  status: 'active',
  max_seats: 5,
  seats: 5,
  next_seat: 5,
  reconciling: false,
  reconcile_at: 0,
  had_borrow: false,
  expires_at: NOW + 100 * DAY,
  lease_seconds: LEASE_SECONDS,
  offline_seconds: 24 * 3600,
  borrow: null,
  ...SEAT_TERMS_OFF,
  started_at: null,
  announces: [],
  notice_due: null,
  names_people: false,
  key_changes: 0,
  created_at: NOW - DAY,
  ...change,
});

/** The record of a key, which works without an end. */
export const keyRecord = (key: LicenseKey, change: Partial<KeyRecord> = {}): KeyRecord => ({
  ...newKeyFields(`id of ${key.text}`, null, NOW - DAY),
  hash: hashLicenseKey(key),
  ...change,
});

/** Keys by hash, as a snapshot has them. */
export const keysOf = (...records: readonly KeyRecord[]): SeatSnapshot['keys'] =>
  new Map(records.map((record) => [record.hash, record]));

/** A machine's request; its holder id is the machine's name. */
export const request = (machine: string, change: Partial<AttemptedRequest> = {}): AttemptedRequest => ({
  key: KEY,
  keyHash: hashLicenseKey(change.key ?? KEY),
  hardwareId: machine,
  machine,
  holderId: machine,
  userEmail: null,
  signedIn: undefined,
  client: { user_email: null, hostname: machine, platform: null, client_version: null },
  tokenFormat: 'signed-json',
  signal: new AbortController().signal,
  log: silentLogger,
  nonce: `nonce of ${machine}`,
  earlierNonces: [],
  ...change,
});

export const openSeat = (id: string): Document => ({
  path: paths.seat(KEY.licenseId, id),
  id,
  fields: { open: 0.5, session: null },
  updateTime: READ_AT,
});

/** A machine's session, from the key and the nonce that its id derives from, with its holder document. */
export function sessionOf(machine: string, seat: string, expiresAt: number, key = KEY): [Session, HolderRecord] {
  const { handle, nonce } = deriveSessionName(key, `old nonce of ${machine}`);
  const session = {
    handle,
    updateTime: READ_AT,
    license_id: KEY.licenseId,
    tenant_id: 'acme',
    seat,
    holder: machine,
    machine,
    nonce,
    key: keyRecord(key).id,
    user_email: null,
    user: null,
    hostname: machine,
    platform: null,
    client_version: null,
    acquired_at: NOW - DAY,
    last_heartbeat: NOW - DAY,
    expires_at: expiresAt,
    copy_until: expiresAt,
    lingering: false,
    borrow_slot: null,
    borrowed_until: null,
    shard: 0,
    programs: {},
  };
  return [session, { session: handle, nonce, machine, borrow_slot: null, borrowed_until: null }];
}

export const snapshot = (change: Partial<SeatSnapshot> = {}): SeatSnapshot => ({
  license: license(),
  keys: keysOf(keyRecord(KEY)),
  holders: new Map(),
  people: new Map(),
  named: new Set(),
  rekeyed: new Map(),
  replaced: new Map(),
  open: [],
  expired: [],
  shown: [],
  used: 0,
  borrows: NO_BORROWS,
  orphans: NO_ORPHANS,
  ...change,
});
