import { borrowedUntil } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { extend, renew } from '#shared/seats/lease-commits.ts';
import type { Fields } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import { borrowEnd, type SlotSupply } from './borrow.ts';
import { clientFields } from './client-fields.ts';
import type { Terms } from './eligibility.ts';
import { borrowedEnds, leaseEnds } from './lease.ts';
import type { Claim, Renew } from './plan-step.ts';
import type { HolderRecord } from './snapshot.ts';

/** A holder that has a session keeps it: same seat, same id, a longer lease. One that is borrowed may be so for longer. */
export function planRenewal(
  request: AttemptedRequest,
  holder: HolderRecord,
  terms: Terms,
  used: number,
  slots: SlotSupply,
): Renew | Claim {
  const { license, key, now } = terms;
  const sessionId = request.byAdministrator ? '' : deriveSessionName(request.key, holder.nonce).sessionId;
  const handle = holder.session;
  const programs = request.program === undefined ? [] : [request.program];
  const renewed = { now, programs, details: detailsOf(request) };
  const granted = { request, key, handle, created: request.earlierNonces.includes(holder.nonce) };
  const until = borrowedUntil(holder, now);
  if (until === undefined || holder.borrow_slot === null) {
    const ends = leaseEnds(license, now);
    const lease = { license, sessionId, seatsUsed: used, ...ends };
    return { kind: 'renew', ...granted, lease, write: renew(handle, { ...renewed, ...ends }) };
  }
  const wanted = Math.max(until, borrowEnd(request, terms));
  const ends = borrowedEnds(license, wanted, now);
  const borrowed = { until: ends.copyUntil, seats: request.borrow && slots.taken() };
  const lease = { license, sessionId, seatsUsed: used, ...ends, borrowed };
  if (wanted === until) return { kind: 'renew', ...granted, lease, write: renew(handle, { ...renewed, ...ends }) };
  const { borrow_slot } = holder;
  const writes = extend({ handle, license_id: license.id, holder: request.holderId, borrow_slot }, wanted, {
    ...renewed,
    ...ends,
  });
  return { kind: 'claim', ...granted, lease, writes };
}

/** What a machine says of itself it says anew each time; an administrator changes what is given. */
const detailsOf = ({ client, byAdministrator }: AttemptedRequest): Fields =>
  Object.fromEntries(Object.entries(clientFields(client)).filter(([, value]) => !byAdministrator || value !== null));
