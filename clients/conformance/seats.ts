import { type Claims, type Key, shortHash, signedLicense } from './signing.ts';

/** The seats of one licence, lent as the server lends them, with leases of seconds. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Terms {
  seats: number;
  leaseMilliseconds: number;
  intervalSeconds: number;
  offlineSeconds: number;
  product: string;
  tier: string;
  leasePer: 'machine' | 'process' | 'user';
  /** Where the seat is a user's: whether a second machine takes it along, or has to ask for that. */
  onSecond: 'move' | 'refuse';
  borrow: { maxSeats: number; maxSeconds: number; earlyReturn: boolean } | undefined;
  queue: { pollSeconds: number } | undefined;
  /** Milliseconds by which the server, whose clock may be behind, ends a borrowed seat too late. */
  borrowEndsLate: number;
}

/** What a scenario changes while it plays. */
export interface State {
  signer: Key;
  /** Changes the claims of each licence before they are signed. */
  claims: Claims;
  canSign: boolean;
}

interface Session {
  readonly id: string;
  readonly subject: string;
  readonly hardware: string;
  expiresAt: number;
  borrowedUntil: number | undefined;
  readonly programs: Set<string>;
}

const time = (at: number) => new Date(at).toISOString();
export const problem = (status: number, code: string, more: object = {}): Reply => ({
  status,
  body: { type: `urn:countersign:${code}`, title: code, status, code, ...more },
  headers: { 'content-type': 'application/problem+json' },
});

export const defaultTerms = (): Terms => ({
  ...{ seats: 1, leaseMilliseconds: 9_000, intervalSeconds: 1, offlineSeconds: 86_400 },
  ...{ product: 'editor', tier: 'professional', leasePer: 'machine', onSecond: 'move' },
  ...{ borrow: undefined, queue: undefined, borrowEndsLate: 0 },
});

export function createSeats(terms: Terms, state: State) {
  const sessions = new Map<string, Session>();
  const ended = new Map<string, string>();
  /** In the order of their places. */
  let tickets: { readonly id: string; readonly subject: string; readonly waitUntil: number }[] = [];
  let count = 0;

  const alive = () => [...sessions.values()].filter(({ expiresAt }) => expiresAt > Date.now());
  const borrowed = () => alive().filter(({ borrowedUntil = 0 }) => borrowedUntil > Date.now() - terms.borrowEndsLate);
  const numbers = () => ({ seats_used: alive().length, seats_total: terms.seats });
  const unsigned = () => ({ ...problem(503, 'signing_unavailable'), headers: { 'retry-after': '1' } });

  function subjectOf(body: Claims): string {
    if (terms.leasePer === 'user') return String(body['license_key']);
    return `${body['hardware_id']}${terms.leasePer === 'process' ? ` ${body['process_id']}` : ''}`;
  }

  function begin(body: Claims, borrowedUntil?: number): Session {
    count += 1;
    const hardware = String(body['hardware_id']);
    const id = `lic_conformance00.${shortHash(`${hardware}${count}`)}`;
    const session = {
      id,
      subject: subjectOf(body),
      hardware,
      expiresAt: 0,
      borrowedUntil,
      programs: new Set<string>(),
    };
    sessions.set(id, session);
    return session;
  }

  function end({ id }: Session, reason: string): void {
    sessions.delete(id);
    ended.set(id, reason);
  }

  function license({ id, hardware, expiresAt, borrowedUntil }: Session, nonce: unknown): Claims {
    const now = Date.now();
    const offline = Math.max(expiresAt, now + terms.offlineSeconds * 1000);
    const mode =
      borrowedUntil === undefined
        ? { mode: 'online', valid_until: time(offline) }
        : { mode: 'borrowed', borrowed_until: time(borrowedUntil), valid_until: time(borrowedUntil) };
    const claims = {
      ...{ kind: 'seat', license_id: 'lic_conformance00', tenant_id: 'demo', product: terms.product },
      ...{ session_id: id, tier: terms.tier, features: ['export'], max_seats: terms.seats, hardware_id: hardware },
      ...{ user_email: null, expires_at: null, offline_seconds: terms.offlineSeconds, keys_sequence: 10 },
      ...{ ...mode, signed_at: time(now) },
      ...(typeof nonce === 'string' ? { nonce } : {}),
      ...state.claims,
    };
    return signedLicense(claims, state.signer);
  }

  function grant(status: number, session: Session, body: Claims): Reply {
    session.expiresAt = Math.max(Date.now() + terms.leaseMilliseconds, session.borrowedUntil ?? 0);
    session.programs.add(String(body['program']));
    tickets = tickets.filter(({ subject }) => subject !== session.subject);
    const lent = terms.borrow && { seats_borrowed: borrowed().length, borrow_max_seats: terms.borrow.maxSeats };
    return {
      status,
      body: {
        ...{ session_id: session.id, expires_at: time(session.expiresAt) },
        ...{ heartbeat_interval_seconds: terms.intervalSeconds, ...numbers() },
        ...(session.borrowedUntil && { borrowed_until: time(session.borrowedUntil), ...lent }),
        license_data: license(session, body['nonce']),
      },
    };
  }

  /** A place in the queue, or what is answered where there is none. */
  function wait(body: Claims): Reply {
    const full = problem(402, 'no_seats_available', numbers());
    const { max_wait_seconds: longest } = Object(body['queue']);
    if (terms.queue === undefined || typeof longest !== 'number') return full;
    const subject = subjectOf(body);
    if (!tickets.some((ticket) => ticket.subject === subject)) {
      count += 1;
      tickets.push({ id: `ticket-${count}`, subject, waitUntil: Date.now() + longest * 1000 });
    }
    const place = tickets.findIndex((ticket) => ticket.subject === subject);
    const { id, waitUntil } = tickets[place] ?? { id: '', waitUntil: 0 };
    if (waitUntil <= Date.now()) {
      tickets.splice(place, 1);
      return full;
    }
    const queue = { position: place + 1, position_exact: true, queue_length: tickets.length };
    const poll = { poll_after_seconds: terms.queue.pollSeconds, wait_until: time(waitUntil) };
    return { status: 202, body: { ticket_id: id, ...queue, ...poll } };
  }

  /** A free seat for who has none, if nobody waits for it before. */
  function isFree(body: Claims): boolean {
    const place = tickets.findIndex(({ subject }) => subject === subjectOf(body));
    return alive().length + (place < 0 ? tickets.length : place) < terms.seats;
  }

  function heldBy(body: Claims): Session | undefined {
    const held = alive().find(({ subject }) => subject === subjectOf(body));
    if (held !== undefined && !borrowed().includes(held)) held.borrowedUntil = undefined;
    return held;
  }

  function acquire(body: Claims): Reply {
    if (terms.leasePer === 'process' && typeof body['process_id'] !== 'string') return problem(400, 'invalid_request');
    const held = heldBy(body);
    const isMoving = held !== undefined && held.hardware !== body['hardware_id'];
    if (isMoving && terms.onSecond === 'refuse' && body['take_over'] !== true)
      return problem(409, 'held_elsewhere', { hostname: held.hardware, last_heartbeat: time(Date.now()) });
    if (held === undefined && !isFree(body)) return wait(body);
    if (!state.canSign) return unsigned();
    if (isMoving) end(held, 'moved');
    if (held === undefined || isMoving) return grant(201, begin(body), body);
    return grant(200, held, body);
  }

  function borrow(body: Claims): Reply {
    if (terms.borrow === undefined) return problem(403, 'borrow_not_allowed');
    const { maxSeats, maxSeconds } = terms.borrow;
    const seconds = Number(body['borrow_seconds'] ?? maxSeconds);
    if (seconds > maxSeconds) return problem(403, 'borrow_too_long', { max_seconds: maxSeconds });
    const held = heldBy(body);
    const until = Date.now() + seconds * 1000;
    const isExtended = held?.borrowedUntil !== undefined;
    if (!isExtended && borrowed().length >= maxSeats)
      return problem(402, 'no_borrow_available', { seats_borrowed: borrowed().length, borrow_max_seats: maxSeats });
    if (held === undefined && !isFree(body)) return wait(body);
    if (!state.canSign) return unsigned();
    if (held?.borrowedUntil !== undefined) {
      held.borrowedUntil = Math.max(held.borrowedUntil, until);
      return grant(200, held, body);
    }
    if (held !== undefined) end(held, 'borrowed');
    return grant(held === undefined ? 201 : 200, begin(body, until), body);
  }

  function heartbeat(body: Claims): Reply {
    const id = String(body['session_id']);
    const reason = ended.get(id);
    if (reason !== undefined) return problem(410, 'session_ended', { reason });
    const session = sessions.get(id);
    if (session === undefined) return problem(404, 'session_not_found');
    session.expiresAt = Math.max(Date.now() + terms.leaseMilliseconds, session.borrowedUntil ?? 0);
    session.programs.add(String(body['program']));
    const answer = { session_id: id, last_heartbeat: time(Date.now()), expires_at: time(session.expiresAt) };
    const refresh = body['refresh'];
    if (typeof refresh !== 'object' || refresh === null) return { status: 200, body: answer };
    if (!state.canSign) return { status: 200, body: { ...answer, refresh_error: 'signing_unavailable' } };
    return { status: 200, body: { ...answer, license_data: license(session, Reflect.get(refresh, 'nonce')) } };
  }

  function release(body: Claims): Reply {
    const id = String(body['session_id']);
    const reason = ended.get(id);
    if (reason !== undefined) return problem(410, 'session_ended', { reason });
    const session = sessions.get(id);
    if (session === undefined) return problem(404, 'session_not_found');
    const { borrowedUntil } = session;
    if (borrowedUntil !== undefined && terms.borrow?.earlyReturn !== true)
      return problem(409, 'early_return_not_allowed', { borrowed_until: time(borrowedUntil) });
    session.programs.delete(String(body['program']));
    const stillHeld = borrowedUntil === undefined && session.programs.size > 0;
    if (!stillHeld) sessions.delete(id);
    const answer = { session_id: id, released_at: time(Date.now()), seats_used: alive().length };
    return { status: 200, body: { ...answer, ...(stillHeld ? { still_held: true } : {}) } };
  }

  function leaveQueue(body: Claims): Reply {
    const isThere = tickets.some(({ id }) => id === body['ticket_id']);
    tickets = tickets.filter(({ id }) => id !== body['ticket_id']);
    return isThere ? { status: 200, body: {} } : problem(404, 'ticket_not_found');
  }

  return {
    ...{ acquire, borrow, heartbeat, release, leaveQueue },
    sessions: alive,
    waiting: () => tickets.length,
    /** Ends every session, as an administrator or the reaper does. */
    end(reason: string) {
      for (const session of sessions.values()) end(session, reason);
    },
    /** All places are gone, as of machines that were not heard of for too long. */
    dropTickets() {
      tickets = [];
    },
    /** The licence of a seat that an administrator has borrowed for this machine. */
    borrowFor(hardware: string, seconds: number): Claims {
      const session = begin({ hardware_id: hardware }, Date.now() + seconds * 1000);
      session.expiresAt = session.borrowedUntil ?? 0;
      return license(session, undefined);
    },
  };
}
