import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { hashLicenseKey, sameDigest } from '#shared/model/license-key.ts';
import { type Session, SHARDS } from '#shared/model/session.ts';
import { deriveSessionName, newSessionName } from '#shared/model/session-id.ts';
import { claim, handOver, type NewSession, renew, takeOver } from '#shared/seats/commits.ts';
import type { Document, Write } from '#shared/store/store.ts';
import type { Holder } from './situation.ts';
import type { Grant, Wish } from './wish.ts';

/** What is to be done for one wish. */
export type Step<Issued> =
  | { readonly kind: 'refuse'; readonly wish: Wish<Issued>; readonly fault: Fault }
  | {
      readonly kind: 'renew';
      readonly wish: Wish<Issued>;
      readonly grant: Grant;
      readonly created: boolean;
      readonly write: Write;
    }
  | {
      readonly kind: 'claim';
      readonly wish: Wish<Issued>;
      readonly grant: Grant;
      readonly created: boolean;
      readonly writes: Write[];
    };

/** Refuses what no seat could help: a wrong key, a licence that is suspended or over. */
export function refusalFor(wish: Wish<unknown>, license: License | undefined, now: number): Fault | undefined {
  const hash = hashLicenseKey(wish.key);
  const known = license?.keys.some((key) => sameDigest(key.hash, hash) && (key.until === null || key.until > now));
  if (license === undefined || !known) return new Fault('license_not_found', 'There is no licence with this key.');
  if (license.expires_at <= now) return new Fault('license_expired', 'The licence has expired.');
  if (license.status === 'suspended') return new Fault('license_suspended', 'The licence is suspended.');
  return undefined;
}

export const noSeats = (license: License, used: number): Fault =>
  new Fault('no_seats_available', 'No seat of the licence is free.', {
    extra: { seats_used: used, seats_total: license.max_seats },
  });

/** When a lease that begins or is renewed now ends: with the licence at the latest. */
export const leaseEnd = (license: License, now: number): number =>
  Math.min(now + license.lease_seconds * 1000, license.expires_at);

/** A machine that holds a session keeps it: same seat, same id, a longer lease. Undefined when its key has changed. */
export function renewal<I>(
  wish: Wish<I>,
  holder: Holder,
  license: License,
  used: number,
  now: number,
): Step<I> | undefined {
  const name = deriveSessionName(wish.key, holder.nonce);
  if (name.handle !== holder.session) return undefined;
  const expiresAt = leaseEnd(license, now);
  return {
    kind: 'renew',
    wish,
    grant: { license, sessionId: name.sessionId, expiresAt, seatsUsed: used },
    created: wish.attempts.has(holder.nonce),
    write: renew(name.handle, now, expiresAt, { ...wish.details }),
  };
}

/** Takes an open seat, ends an expired session for its seat, or moves a machine's own session to its new key. */
export type Source =
  | { readonly kind: 'open'; readonly seat: Document }
  | { readonly kind: 'expired'; readonly session: Session }
  | { readonly kind: 'own'; readonly session: Session };

export function claiming<I>(wish: Wish<I>, source: Source, license: License, used: number, now: number): Step<I> {
  const seat = source.kind === 'open' ? source.seat.id : source.session.seat;
  const fresh = newSession(wish, license, seat, now);
  wish.attempts.add(fresh.name.nonce);
  return {
    kind: 'claim',
    wish,
    grant: { license, sessionId: fresh.name.sessionId, expiresAt: fresh.fields.expires_at, seatsUsed: used },
    created: source.kind !== 'own',
    writes: writesFor(source, fresh, now),
  };
}

function writesFor(source: Source, fresh: NewSession, now: number): Write[] {
  switch (source.kind) {
    case 'open':
      return claim(fresh, source.seat);
    case 'expired':
      return takeOver(fresh, source.session, now);
    case 'own':
      return handOver(fresh, source.session, now);
    default:
      return source satisfies never;
  }
}

function newSession(wish: Wish<unknown>, license: License, seat: string, now: number): NewSession {
  const name = newSessionName(wish.key);
  return {
    name,
    fields: {
      ...wish.details,
      license_id: license.id,
      tenant_id: license.tenant_id,
      seat,
      holder: wish.holder,
      acquired_at: now,
      last_heartbeat: now,
      expires_at: leaseEnd(license, now),
      shard: Number.parseInt(name.handle.slice(0, 8), 16) % SHARDS,
    },
  };
}
