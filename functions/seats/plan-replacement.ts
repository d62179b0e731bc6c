import { isShrinking } from '#shared/model/license.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { Terms } from './eligibility.ts';
import { sessionNotFound } from './ended-session.ts';
import { copyInUse } from './held-elsewhere.ts';
import { selfServiceOff } from './holders.ts';
import { noSeatsAvailable } from './no-seats.ts';
import { planClaim } from './plan-claim.ts';
import { type PlanStep, refuse } from './plan-step.ts';
import type { SeatSources } from './seat-sources.ts';
import type { SeatSnapshot } from './snapshot.ts';

/**
 * Ends the session that the request names, and takes its seat.
 * @returns undefined when another request of the group concerns the session, too
 */
export function planReplacement(
  request: AttemptedRequest,
  handle: string,
  terms: Terms,
  { replaced, used }: SeatSnapshot,
  seats: SeatSources,
): PlanStep | undefined {
  const { license, now } = terms;
  if (license.lease_per !== 'machine' || license.self_service.release !== 'any') {
    return refuse(request, selfServiceOff());
  }
  const session = replaced.get(handle);
  if (session?.license_id !== license.id) return refuse(request, sessionNotFound());
  if (isShrinking(license)) return refuse(request, noSeatsAvailable(license, used));
  const fault = copyInUse(session, license, now);
  if (fault !== undefined) return refuse(request, fault);
  return seats.take(session) ? planClaim(request, { kind: 'replaced', session }, terms, used) : undefined;
}
