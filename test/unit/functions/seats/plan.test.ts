import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planGroup } from '#functions/seats/plan.ts';
import type { PlanStep } from '#functions/seats/plan-step.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import { claim, handOver, takeOver } from '#shared/seats/claim-commits.ts';
import { renew } from '#shared/seats/lease-commits.ts';
import {
  DAY,
  KEY,
  keyRecord,
  keysOf,
  LEASE_SECONDS,
  license,
  NOW,
  OLD_KEY,
  openSeat,
  request,
  sessionOf,
  snapshot,
} from './fixtures.ts';

const LEASE_END = NOW + LEASE_SECONDS * 1000;

const codes = (steps: readonly PlanStep[]) =>
  steps.map((step) => (step.kind === 'refuse' ? step.fault.code : step.kind));

/** The seat that a claim takes: the only seat document among its writes. */
const seatOf = (step: PlanStep | undefined) =>
  step?.kind === 'claim'
    ? step.writes
        .find(({ path }) => path.includes('/seats/'))
        ?.path.split('/')
        .at(-1)
    : undefined;

describe('eligibility', () => {
  const open = [openSeat('0')];
  it.each([
    ['no licence', { license: undefined }, 'license_not_found'],
    ['another key', { keys: keysOf(keyRecord(OLD_KEY)) }, 'license_not_found'],
    ['a key that ended now', { keys: keysOf(keyRecord(KEY, { until: NOW })) }, 'license_not_found'],
    ['a key that ends later', { keys: keysOf(keyRecord(KEY, { until: NOW + 1 })) }, 'claim'],
    ['an archived licence', { license: license({ archived: true, status: 'archived' }) }, 'license_not_found'],
    ['a licence that expires now', { license: license({ expires_at: NOW }) }, 'license_expired'],
    ['a licence that expires later', { license: license({ expires_at: NOW + 1 }) }, 'claim'],
    ['a suspended licence', { license: license({ status: 'suspended' }) }, 'license_suspended'],
    ['an expired, suspended licence', { license: license({ status: 'suspended', expires_at: 1 }) }, 'license_expired'],
    ['another key of an expired licence', { keys: keysOf(), license: license({ expires_at: 1 }) }, 'license_not_found'],
  ])('%s', (_what, change, code) => {
    expect(codes(planGroup(snapshot({ open, ...change }), [request('a')], NOW))).toEqual([code]);
  });

  it('is decided for each request by its own key', () => {
    const requests = [request('a', { key: OLD_KEY }), request('b')];
    expect(codes(planGroup(snapshot({ open }), requests, NOW))).toEqual(['license_not_found', 'claim']);
  });
});

describe('a machine without a session', () => {
  it('gets an open seat, under the session id that its nonce gives', () => {
    const [step] = planGroup(snapshot({ open: [openSeat('3')], used: 2 }), [request('a')], NOW);
    const name = deriveSessionName(KEY, 'nonce of a');
    expect(step).toMatchObject({ kind: 'claim', created: true });
    expect(step?.kind === 'claim' && step.lease).toEqual({
      license: license(),
      sessionId: name.sessionId,
      copyUntil: NOW + DAY,
      expiresAt: LEASE_END,
      seatsUsed: 3,
    });
    const fields = {
      license_id: KEY.licenseId,
      tenant_id: 'acme',
      seat: '3',
      holder: 'a',
      machine: 'a',
      key: 'id of KEY',
      user_email: null,
      user: null,
      hostname: 'a',
      platform: null,
      client_version: null,
      acquired_at: NOW,
      last_heartbeat: NOW,
      expires_at: LEASE_END,
      copy_until: NOW + DAY,
      lingering: false,
      borrow_slot: null,
      borrowed_until: null,
      shard: Number.parseInt(name.handle.slice(0, 8), 16) % 32,
      programs: {},
    };
    expect(step?.kind === 'claim' && step.writes).toEqual(claim({ name, fields }, openSeat('3')));
  });

  it('gets a lease that ends with the licence', () => {
    const [step] = planGroup(
      snapshot({ open: [openSeat('0')], license: license({ expires_at: NOW + 5_000 }) }),
      [request('a')],
      NOW,
    );
    expect(step).toMatchObject({ kind: 'claim', lease: { expiresAt: NOW + 5_000 } });
  });

  it('has no step when the open seat is newer than the licence that was read: it is to be attempted again', () => {
    expect(planGroup(snapshot({ open: [openSeat('5')], used: 4 }), [request('a')], NOW)).toEqual([]);
    const steps = planGroup(snapshot({ open: [openSeat('5'), openSeat('4')] }), [request('a'), request('b')], NOW);
    expect(steps.map(seatOf)).toEqual(['4']);
  });

  it('gets a seat of its own; those for whom there is none are told the numbers', () => {
    const requests = ['a', 'b', 'c'].map((machine) => request(machine));
    const steps = planGroup(snapshot({ open: [openSeat('0'), openSeat('1')], used: 3 }), requests, NOW);
    expect(codes(steps)).toEqual(['claim', 'claim', 'no_seats_available']);
    expect(steps.map(seatOf)).toEqual(['0', '1', undefined]);
    expect(
      steps.map((step) => (step.kind === 'refuse' ? step.fault.extra : 'lease' in step && step.lease.seatsUsed)),
    ).toEqual([4, 5, { seats_used: 5, seats_total: 5 }]);
  });

  it('is refused by the number of seats, although the count was read before another group took the last ones', () => {
    const [step] = planGroup(snapshot({ open: [], used: 3 }), [request('a')], NOW);
    expect(step).toMatchObject({ kind: 'refuse', fault: { extra: { seats_used: 5, seats_total: 5 } } });
  });

  it('takes over an expired session when no seat is open, and the number of seats in use stays', () => {
    const [expired] = sessionOf('dead', '1', NOW - 10_000);
    const steps = planGroup(
      snapshot({ open: [openSeat('0')], expired: [expired], used: 4 }),
      [request('a'), request('b')],
      NOW,
    );
    expect(codes(steps)).toEqual(['claim', 'claim']);
    expect(steps[1]).toMatchObject({ created: true, lease: { seatsUsed: 5 } });
    const name = deriveSessionName(KEY, 'nonce of b');
    const fields = {
      ...expired,
      holder: 'b',
      machine: 'b',
      hostname: 'b',
      acquired_at: NOW,
      last_heartbeat: NOW,
      expires_at: LEASE_END,
    };
    const expected = takeOver({ name, fields }, expired, NOW);
    expect(steps[1]?.kind === 'claim' && steps[1].writes.slice(0, -1)).toEqual(expected.slice(0, -1));
    expect(steps[1]?.kind === 'claim' && steps[1].writes.at(-1)).toMatchObject({
      op: 'create',
      path: `sessions/${name.handle}`,
    });
  });

  it('takes over no session of a machine in its own group', () => {
    const [expired, holder] = sessionOf('a', '1', NOW - 10_000);
    const steps = planGroup(
      snapshot({ expired: [expired], holders: new Map([['a', holder]]), used: 5 }),
      [request('b'), request('a')],
      NOW,
    );
    expect(codes(steps)).toEqual(['no_seats_available', 'renew']);
  });

  it('takes a seat once that is among the open seats and that of an expired session', () => {
    const [expired] = sessionOf('dead', '0', NOW - 10_000);
    const steps = planGroup(snapshot({ open: [openSeat('0')], expired: [expired] }), [request('a'), request('b')], NOW);
    expect(codes(steps)).toEqual(['claim', 'no_seats_available']);
  });

  it('gets nothing while the licence shrinks', () => {
    const [expired] = sessionOf('dead', '1', NOW - 10_000);
    const [, holder] = sessionOf('b', '2', NOW);
    const shrinking = snapshot({
      license: license({ seats: 6 }),
      open: [openSeat('0')],
      expired: [expired],
      holders: new Map([['b', holder]]),
    });
    expect(codes(planGroup(shrinking, [request('a'), request('b')], NOW))).toEqual(['no_seats_available', 'renew']);
  });
});

describe('a machine with a session', () => {
  const [session, holder] = sessionOf('a', '2', NOW - DAY);
  const held = snapshot({ holders: new Map([['a', holder]]), open: [openSeat('0')], used: 1 });
  const name = deriveSessionName(KEY, holder.nonce);

  it('keeps it, however late, and its details are brought up to date', () => {
    const [step] = planGroup(held, [request('a')], NOW);
    expect(step).toMatchObject({
      kind: 'renew',
      created: false,
      lease: { sessionId: name.sessionId, expiresAt: LEASE_END, seatsUsed: 1 },
      write: renew(session.handle, {
        now: NOW,
        expiresAt: LEASE_END,
        copyUntil: NOW + DAY,
        details: { ...request('a').client },
      }),
    });
  });

  it('is told that the session is new when an earlier attempt of the request created it', () => {
    const steps = planGroup(held, [request('a', { earlierNonces: ['other', holder.nonce] })], NOW);
    expect(steps).toMatchObject([{ kind: 'renew', created: true }]);
  });

  it('is moved to a new session on the same seat when its licence key has changed', () => {
    const [old, record] = sessionOf('a', '2', NOW + 1_000, OLD_KEY);
    const moved = snapshot({
      holders: new Map([['a', record]]),
      rekeyed: new Map([[old.handle, old]]),
      used: 1,
    });
    const [step] = planGroup(moved, [request('a')], NOW);
    const fresh = deriveSessionName(KEY, 'nonce of a');
    expect(step).toMatchObject({ kind: 'claim', created: false, lease: { sessionId: fresh.sessionId, seatsUsed: 1 } });
    const fields = { ...old, key: 'id of KEY', acquired_at: NOW, last_heartbeat: NOW, expires_at: LEASE_END };
    const expected = handOver({ name: fresh, fields }, old, NOW);
    expect(step?.kind === 'claim' && step.writes.slice(0, -1)).toEqual(expected.slice(0, -1));
  });

  it('loses nothing by the move: neither its lease, although leases are shorter now, nor what was signed for it', () => {
    const [old, record] = sessionOf('a', '2', NOW + 3_600_000, OLD_KEY);
    const signed = { ...old, copy_until: NOW + 40 * 86_400_000 };
    const moved = snapshot({ holders: new Map([['a', record]]), rekeyed: new Map([[old.handle, signed]]), used: 1 });
    const [step] = planGroup(moved, [request('a')], NOW);
    expect(step?.kind === 'claim' && step.writes.at(-1)).toMatchObject({
      fields: { expires_at: old.expires_at, copy_until: signed.copy_until },
    });
  });

  it('has no step when the session of its old key is gone: it is to be attempted again', () => {
    const [, record] = sessionOf('a', '2', NOW, OLD_KEY);
    const requests = [request('a'), request('b')];
    const steps = planGroup(snapshot({ holders: new Map([['a', record]]), open: [openSeat('0')] }), requests, NOW);
    expect(steps.map((step) => step.request.holderId)).toEqual(['b']);
  });

  it('shares its seat with nobody, although the seat was read as open', () => {
    const [old, record] = sessionOf('a', '0', NOW, OLD_KEY);
    const moved = snapshot({
      holders: new Map([['a', record]]),
      rekeyed: new Map([[old.handle, old]]),
      open: [openSeat('0')],
    });
    const steps = planGroup(moved, [request('a'), request('b')], NOW);
    expect(codes(steps)).toEqual(['claim', 'no_seats_available']);
  });
});

/** Sessions of one moment: no two of one machine or on one seat. */
const sessions = (machine: fc.Arbitrary<number>) =>
  fc
    .uniqueArray(fc.record({ machine, seat: fc.nat(9), old: fc.boolean() }), {
      selector: (one) => one.machine,
      maxLength: 6,
    })
    .map((all) => all.filter(({ seat }, index) => all.findIndex((other) => other.seat === seat) === index));

/** Snapshots whose reads were at different moments, so that they may contradict each other. */
const cases = fc.record({
  machines: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 8 }),
  open: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
  held: sessions(fc.nat(9)),
  expired: sessions(fc.nat(19)),
  seats: fc.constantFrom(5, 5, 5, 6),
});

it('writes no document twice in one commit, gives no seat twice, and decides the same for the same input', () => {
  fc.assert(
    fc.property(cases, ({ machines, open, held, expired, seats }) => {
      const current = held.map(({ machine, seat, old }) =>
        sessionOf(`${machine}`, `${seat}`, NOW, old ? OLD_KEY : KEY),
      );
      const read = snapshot({
        license: license({ seats }),
        holders: new Map(current.map(([{ holder }, record]) => [holder, record])),
        rekeyed: new Map(current.map(([session]) => [session.handle, session])),
        open: open.map((seat) => openSeat(`${seat}`)),
        expired: expired.map(({ machine, seat }) => sessionOf(`${machine}`, `${seat}`, NOW - DAY)[0]),
      });
      const requests = machines.map((machine) => request(`${machine}`));
      const steps = planGroup(read, requests, NOW);
      expect(planGroup(read, requests, NOW)).toEqual(steps);
      expect(steps.map((step) => step.request)).toEqual(
        requests.filter((one) => steps.some((step) => step.request === one)),
      );
      const claims = steps.flatMap((step) => (step.kind === 'claim' ? [step] : []));
      const written = claims.flatMap(({ writes }) => writes.map(({ path }) => path));
      expect(new Set(written).size).toBe(written.length);
      const taken = claims.map(seatOf);
      expect(taken).not.toContain(undefined);
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});
