import { randomBytes } from 'node:crypto';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { retrying } from '#shared/gcp/retry.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { systemClock } from '#shared/model/clock.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { DEFAULT_LEASE_SECONDS, type LicenseFields, licenseDocument } from '#shared/model/license.ts';
import { hashLicenseKey, newKeyId, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { DEFAULT_SEAT_RULES } from '#shared/model/seat-rules.ts';
import { SEAT_TERMS_OFF } from '#shared/model/seat-terms.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore, Fields } from '#shared/store/store.ts';
import type { Costs } from './storm.ts';

/** A year, so that no lease is cut short by its licence. */
const LICENSE_LIFE = 365 * 24 * 3600 * 1000;

/** An emulator that clients have given up on works on what they asked for a while longer. */
const AFTER_THE_STORM = { attempts: 10, backoff: 100, retries: () => true };

/** The emulator slows down with a project's history of writes, so every arena has a project of its own. */
export const freshProject = (): string => `bench-${randomBytes(6).toString('hex')}`;

/** A licence with its seats in a project of its own. */
export interface Ground {
  readonly key: LicenseKey;
  readonly store: DocumentStore;
  /** What the store was asked for since the last `forget`. */
  costs(): Costs;
  forget(): void;
  holders(): Promise<number>;
  close(): Promise<void>;
}

/** @param host host:port of the emulator */
export async function createGround(host: string, seats: number): Promise<Ground> {
  const project = openProject(host);
  const key = await createLicense(project.store, seats);
  return {
    ...project,
    key,
    holders: () =>
      retrying(
        () => project.store.count(queries.expiredOf(key.licenseId, Number.MAX_SAFE_INTEGER, 1)),
        AFTER_THE_STORM,
      ),
  };
}

/** @param host host:port of the emulator */
export function openProject(host: string): Omit<Ground, 'key' | 'holders'> {
  const firestore = createFirestore({ projectId: freshProject(), database: '(default)', endpoint: host });
  return { ...counting(firestore), close: () => firestore.close() };
}

/** A licence with its first key and its seats. */
export async function createLicense(store: DocumentStore, seats: number): Promise<LicenseKey> {
  const key = newLicenseKey(newLicenseId());
  await store.commit([
    { op: 'create', path: paths.license(key.licenseId), fields: licenseOf(seats) },
    {
      op: 'create',
      path: paths.key(key.licenseId, hashLicenseKey(key)),
      fields: newKeyFields(newKeyId(), null, Date.now()),
    },
  ]);
  await createReconcileSeats({ store, clock: systemClock, random: Math.random })(key.licenseId);
  return key;
}

const licenseOf = (seats: number): Fields =>
  licenseDocument({
    tenant_id: 'bench',
    product: 'default',
    label: null,
    reference: null,
    metadata: {},
    archived: false,
    allotted: true,
    updates_until: null,
    release: 'at_once',
    ...DEFAULT_SEAT_RULES,
    ...SEAT_TERMS_OFF,
    started_at: null,
    tier: 'professional',
    features: [],
    status: 'active',
    max_seats: seats,
    seats: 0,
    next_seat: 0,
    reconciling: true,
    reconcile_at: 0,
    had_borrow: false,
    expires_at: Date.now() + LICENSE_LIFE,
    lease_seconds: DEFAULT_LEASE_SECONDS,
    offline_seconds: 0,
    borrow: null,
    announces: [],
    notice_due: null,
    key_changes: 0,
    names_people: false,
    created_at: Date.now(),
  } satisfies LicenseFields);

/** Every method of the store is one RPC unless it fails, and the emulator does not. */
function counting(store: DocumentStore) {
  const count = { reads: 0, commits: 0 };
  const read = <T>(answer: T): T => {
    count.reads += 1;
    return answer;
  };
  const written = <T>(answer: T): T => {
    count.commits += 1;
    return answer;
  };
  const counted: DocumentStore = {
    get: (paths) => read(store.get(paths)),
    query: (query) => read(store.query(query)),
    count: (query) => read(store.count(query)),
    commit: (writes) => written(store.commit(writes)),
    writeEach: (writes) => written(store.writeEach(writes)),
  };
  return {
    store: counted,
    costs: (): Costs => ({ rpcs: count.reads + count.commits, commits: count.commits }),
    forget() {
      count.reads = 0;
      count.commits = 0;
    },
  };
}
