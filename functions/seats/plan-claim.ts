import { hasNamedUsers } from '#shared/model/seat-rules.ts';
import { type Session, type SessionFields, shardOf } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { claim, handOver, noteNamedUser, readopt, takeOver } from '#shared/seats/claim-commits.ts';
import { firstProgram } from '#shared/seats/programs.ts';
import type { NewSession } from '#shared/seats/session-writes.ts';
import type { Write } from '#shared/store/store.ts';
import type { AttemptedRequest } from './acquire-request.ts';
import type { TakenSlot } from './borrow.ts';
import { clientFields } from './client-fields.ts';
import type { Terms } from './eligibility.ts';
import { borrowedEnds, leaseEnds } from './lease.ts';
import type { Claim } from './plan-step.ts';
import type { SeatSource } from './seat-sources.ts';

/**
 * Begins a session on a seat.
 * @param used seats of the licence that are taken, this one included
 * @param slot undefined: the seat is not borrowed
 */
export function planClaim(
  request: AttemptedRequest,
  source: SeatSource,
  terms: Terms,
  used: number,
  slot?: TakenSlot | undefined,
): Claim {
  const { license, key, now } = terms;
  const name = deriveSessionName(request.key, request.nonce);
  const { expiresAt, copyUntil } =
    slot === undefined ? leaseEnds(license, now) : borrowedEnds(license, slot.until, now);
  // What the machine was promised and what was signed for it before holds on, also when leases have become shorter since.
  const held = source.kind === 'own' ? source.session : { expires_at: 0, copy_until: 0 };
  const fields = {
    ...newSession(request, terms, seatOf(source)),
    expires_at: Math.max(expiresAt, held.expires_at, slot?.until ?? 0),
    copy_until: Math.max(copyUntil, held.copy_until),
    borrow_slot: slot?.number ?? null,
    borrowed_until: slot?.until ?? null,
    shard: shardOf(name.handle),
  };
  const borrowed = slot && { until: copyUntil, seats: request.borrow && slot.taken };
  return {
    kind: 'claim',
    request,
    key,
    handle: name.handle,
    lease: { license, sessionId: name.sessionId, expiresAt, copyUntil, seatsUsed: used, borrowed },
    created: source.kind !== 'own' || source.session.lingering,
    makesSeat: source.kind === 'orphan',
    writes: [
      ...claimWrites(source, { name, fields }, now),
      ...(hasNamedUsers(license) ? [noteNamedUser(license.id, request.holderId, name.handle, now)] : []),
    ],
  };
}

function newSession(
  request: AttemptedRequest,
  { license, key, now }: Terms,
  seat: string,
): Omit<SessionFields, 'expires_at' | 'copy_until' | 'borrow_slot' | 'borrowed_until' | 'nonce' | 'shard'> {
  return {
    ...clientFields(request.client),
    license_id: license.id,
    tenant_id: license.tenant_id,
    seat,
    holder: request.holderId,
    machine: request.machine,
    key: key.id,
    acquired_at: now,
    last_heartbeat: now,
    lingering: false,
    programs: firstProgram(request.program, now),
  };
}

function seatOf(source: SeatSource): string {
  switch (source.kind) {
    case 'open':
      return source.seat.id;
    case 'orphan':
      return source.seat;
    case 'expired':
    case 'replaced':
    case 'own':
      return source.session.seat;
    default:
      return source satisfies never;
  }
}

function claimWrites(source: SeatSource, session: NewSession, now: number): Write[] {
  switch (source.kind) {
    case 'open':
      return claim(session, source.seat);
    case 'expired':
      return takeOver(session, source.session, now);
    case 'replaced':
      return takeOver(session, source.session, now, 'moved');
    case 'own':
      return handOver(session, source.session, now, whyHandedOver(session, source.session));
    case 'orphan':
      return readopt(session, source.orphan);
    default:
      return source satisfies never;
  }
}

function whyHandedOver({ fields }: NewSession, { machine, borrow_slot }: Session): 'moved' | 'borrowed' | 'reclaimed' {
  if (fields.machine !== machine) return 'moved';
  return fields.borrow_slot !== null && borrow_slot === null ? 'borrowed' : 'reclaimed';
}
