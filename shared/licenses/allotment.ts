import { Fault } from '../model/errors.ts';
import { hasEnded, type License, readLicense } from '../model/license.ts';
import { isPlainId } from '../model/plain-id.ts';
import { readTenant, type Tenant, tenantPath } from '../model/tenant.ts';
import { paths } from '../seats/paths.ts';
import type { DocumentReader, Write } from '../store/store.ts';
import { licenseQueries } from './queries.ts';

/** Ended licences whose seats one commit frees; a tenant with more of them frees the rest with the next change. */
const MAX_FREED = 200;

type Terms = Pick<License, 'archived' | 'expires_at' | 'allotted' | 'max_seats'>;

/** Whether a licence's seats count for its tenant after a change: until it ends or is archived. */
export const isAllotted = (license: Pick<License, 'archived' | 'expires_at'>, now: number): boolean =>
  !license.archived && !hasEnded(license, now);

/** The seats that a licence accounts for in its tenant's `seats_allotted`. */
export const seatsOf = ({ allotted, max_seats }: Pick<Terms, 'allotted' | 'max_seats'>): number =>
  allotted ? max_seats : 0;

export interface AllotRequest {
  readonly tenantId: string;
  /** Seats to add to the tenant's count, or to take off. */
  readonly seats: number;
  /** The licences that the same commit writes. */
  readonly licenseIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Adds to a tenant's count of allotted seats, provided that the tenant has not changed since it was read. Time alone
 * changes no document, so ended licences keep their part of the count until their seats are needed here.
 * @throws Fault `not_found` for an unknown tenant, `seat_limit_exceeded`
 */
export async function allotSeats(
  store: Pick<DocumentReader, 'get' | 'query'>,
  { tenantId, seats, licenseIds, now }: AllotRequest,
): Promise<Write[]> {
  if (seats === 0) return [];
  const [document] = isPlainId(tenantId) ? await store.get([tenantPath(tenantId)]) : [];
  if (document === undefined) throw new Fault('not_found', 'There is no tenant with this id.');
  const tenant = readTenant(document);
  const wanted = tenant.seats_allotted + seats;
  const freed = seats > 0 && exceeds(tenant, wanted) ? await freeEnded(store, tenant, now, licenseIds) : NOTHING_FREED;
  if (seats > 0) requireSeats(tenant, wanted - freed.seats);
  const fields = { seats_allotted: wanted - freed.seats };
  return [{ op: 'update', path: tenantPath(tenant.id), fields, lastUpdateTime: tenant.updateTime }, ...freed.writes];
}

interface Freed {
  readonly seats: number;
  readonly writes: readonly Write[];
}

const NOTHING_FREED: Freed = { seats: 0, writes: [] };

/** The seats of licences that have ended, and the writes that take them off their licences. */
export async function freeEnded(
  store: Pick<DocumentReader, 'query'>,
  tenant: Tenant,
  now: number,
  except: readonly string[] = [],
): Promise<Freed> {
  const documents = await store.query(licenseQueries.endedLicenses(tenant.id, now, MAX_FREED));
  const ended = documents.map(readLicense).filter(({ id }) => !except.includes(id));
  return {
    seats: ended.reduce((sum, license) => sum + seatsOf(license), 0),
    writes: ended.map(({ id, updateTime }) => ({
      op: 'update',
      path: paths.license(id),
      fields: { allotted: false },
      lastUpdateTime: updateTime,
    })),
  };
}

export const exceeds = ({ seat_limit }: Pick<Tenant, 'seat_limit'>, allotted: number): boolean =>
  seat_limit !== null && allotted > seat_limit;

export function requireSeats(tenant: Pick<Tenant, 'seat_limit'>, allotted: number): void {
  const { seat_limit } = tenant;
  if (seat_limit === null || !exceeds(tenant, allotted)) return;
  throw new Fault('seat_limit_exceeded', `The licences of this tenant may have ${seat_limit} seats in total.`, {
    extra: { seat_limit, seats_wanted: allotted },
  });
}
