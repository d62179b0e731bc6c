import { Fault, invalid } from '#shared/model/errors.ts';
import type { KeyRecord } from '#shared/model/key-record.ts';
import type { License } from '#shared/model/license.ts';
import type { Person } from '#shared/model/person.ts';
import { processHolderId, userId } from '#shared/model/session-id.ts';
import type { HolderRequest } from './acquire-request.ts';

/** Who holds a seat if the request gets one. */
export interface Subject {
  /** The id of the holder document. */
  readonly holderId: string;
  /** Proven by the key or a token, where seats are leased per user; null elsewhere. */
  readonly userEmail: string | null;
}

/** What was read of whoever asks. */
export interface WhoAsks {
  readonly license: Pick<License, 'id' | 'tenant_id' | 'lease_per'>;
  readonly key: Pick<KeyRecord, 'user_email'>;
  /** By uid. */
  readonly people: ReadonlyMap<string, Person>;
}

/**
 * Whose the seat of a request would be. Nothing that a client says of itself decides it: a user is proven by a key that
 * is the user's, or by a token of a member of the licence's tenant.
 * @returns undefined when the request's token was not asked for yet; a fault: `invalid_request` without a process id,
 *   `unauthenticated` without proof
 */
export function subjectOf(request: HolderRequest, { license, key, people }: WhoAsks): Subject | Fault | undefined {
  if (request.byAdministrator && license.lease_per !== 'machine') return notPerMachine(license.lease_per);
  switch (license.lease_per) {
    case 'machine':
      return { holderId: request.machine, userEmail: null };
    case 'process':
      if (request.processId === undefined) return processMissing();
      return { holderId: processHolderId(request.machine, request.processId), userEmail: null };
    case 'user': {
      const email = key.user_email ?? emailOf(request, license, people);
      return typeof email === 'string' ? { holderId: userId(license.id, email), userEmail: email } : email;
    }
    default:
      return license.lease_per satisfies never;
  }
}

/** The address of a member of the licence's tenant. Other people are told no more than strangers. */
function emailOf(
  { signedIn }: HolderRequest,
  { tenant_id }: WhoAsks['license'],
  people: WhoAsks['people'],
): string | Fault | undefined {
  if (signedIn === undefined || signedIn instanceof Fault) return signedIn;
  const tenants = people.get(signedIn.uid)?.tenants ?? {};
  return Object.hasOwn(tenants, tenant_id) ? signedIn.email : userNotProven();
}

export const userNotProven = (): Fault =>
  new Fault('unauthenticated', "This licence is for users: send a user's own licence key, or a member's token.");

/** Whoever sits at the machine could use the file, and as many programs as are started there. */
const notPerMachine = (unit: string): Fault =>
  new Fault('borrow_not_allowed', `A file is for a machine, and each ${unit} takes a seat of this licence.`);

const processMissing = (): Fault =>
  invalid([{ path: 'process_id', message: 'is required, since each process takes a seat of this licence' }]);
