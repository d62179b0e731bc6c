import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type KeyRecord, readKey } from '#shared/model/key-record.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { readSession, type Session } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';
import { ineligibility, licenseNotFound } from './eligibility.ts';

/** A licence key, as a request brings it. */
export interface PresentedKey {
  readonly licenseId: string;
  /** The id of the key's document. */
  readonly hash: string;
}

/** What whoever has a licence key is told of the seats in use. */
export type Holders =
  | { readonly kind: 'count'; readonly seatsUsed: number; readonly seatsTotal: number }
  | { readonly kind: 'names'; readonly sessions: readonly Session[] };

/** More than anybody picks one from; those whose leases end soonest come first. */
const MAX_LISTED = 200;

/**
 * @throws Fault, from the returned function: `license_not_found`, `license_expired`, `license_suspended`,
 *   `self_service_off`, `dependency_unavailable`
 */
export type ListHolders = (key: PresentedKey) => Promise<Holders>;

export function createListHolders({ store, clock }: { store: DocumentReader; clock: Clock }): ListHolders {
  return async ({ licenseId, hash }) => {
    const documents = await store.get([paths.license(licenseId), paths.key(licenseId, hash)]);
    const { license } = requireEligible(documents, clock.now());
    switch (license.self_service.holders) {
      case 'none':
        throw selfServiceOff();
      case 'count': {
        const seatsUsed = await store.count(queries.takenSeats(licenseId));
        return { kind: 'count', seatsUsed, seatsTotal: license.max_seats };
      }
      case 'names': {
        const found = await store.query(queries.earliestLeaseEnds(licenseId, MAX_LISTED));
        return { kind: 'names', sessions: found.map(readSession) };
      }
      default:
        return license.self_service.holders satisfies never;
    }
  };
}

/** @throws Fault as the licence or the key is not good for a seat */
export function requireEligible(
  [licenseDocument, keyDocument]: readonly (Document | undefined)[],
  now: number,
): { readonly license: License; readonly key: KeyRecord } {
  if (licenseDocument === undefined) throw licenseNotFound();
  const license = readLicense(licenseDocument);
  const key = keyDocument && readKey(keyDocument);
  const fault = ineligibility(key, license, now);
  if (key === undefined || fault !== undefined) throw fault ?? licenseNotFound();
  return { license, key };
}

export const selfServiceOff = (): Fault =>
  new Fault('self_service_off', 'Only the administrators of this licence may do this.');

/** One of the seats in use, as a key holder sees it. @param machine whoever asks, as `machineId` gives it */
export const describeHolder = (session: Session, machine: string | undefined) => ({
  session: session.handle,
  hostname: session.hostname,
  platform: session.platform,
  ...(session.user_email === null ? {} : { user_email: session.user_email }),
  acquired_at: formatTime(session.acquired_at),
  last_heartbeat: formatTime(session.last_heartbeat),
  ...(session.borrowed_until === null ? {} : { borrowed_until: formatTime(session.borrowed_until) }),
  you: session.machine === machine,
});
