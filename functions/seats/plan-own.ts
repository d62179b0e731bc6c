import type { Fault } from '#shared/model/errors.ts';
import { expiredBefore, type Session } from '#shared/model/session.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { noBorrowAvailable, type SlotSupply, slotFor } from './borrow.ts';
import type { Terms } from './eligibility.ts';
import { copyInUse, heldElsewhere } from './held-elsewhere.ts';
import { planClaim } from './plan-claim.ts';
import { planRenewal } from './plan-renewal.ts';
import { type PlanStep, refuse } from './plan-step.ts';
import type { SeatSources } from './seat-sources.ts';
import { continues, type HolderRecord, type SeatSnapshot } from './snapshot.ts';

/**
 * A holder that has a session goes on with it, or gets another one on the same seat.
 * @returns undefined when the snapshot contradicts itself about the session
 */
export function planOwn(
  request: AttemptedRequest,
  holder: HolderRecord,
  terms: Terms,
  { rekeyed, used }: SeatSnapshot,
  { slots, seats }: { readonly slots: SlotSupply; readonly seats: SeatSources },
): PlanStep | undefined {
  const { license, now } = terms;
  if (continues(request, holder, license, now)) return planRenewal(request, holder, terms, used, slots);
  const session = rekeyed.get(holder.session);
  if (session === undefined || !seats.isKnown(session.seat)) return undefined;
  const fault = session.machine === request.machine ? undefined : whyNotMoved(session, request, terms);
  if (fault !== undefined) return refuse(request, fault);
  const slot = slotFor(request, terms, slots, session);
  if (slot === 'none') return refuse(request, noBorrowAvailable(license, slots.taken()));
  return planClaim(request, { kind: 'own', session }, terms, used, slot);
}

/**
 * Why a user's seat stays on the machine where it is. While a copy may work there, a seat that is free only after the last
 * copy does not move at all.
 */
function whyNotMoved(
  session: Session,
  { takeOver = false }: AttemptedRequest,
  { license, now }: Terms,
): Fault | undefined {
  const isRefused = license.on_second === 'refuse' && !takeOver && session.expires_at > expiredBefore(now);
  return copyInUse(session, license, now) ?? (isRefused ? heldElsewhere(session) : undefined);
}
