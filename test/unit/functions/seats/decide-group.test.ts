import { describe, expect, test } from 'vitest';
import { decideGroup } from '#functions/seats/decide-group.ts';
import type { MachinesOfDay } from '#functions/seats/machine-limit.ts';
import type { QueueSnapshot } from '#functions/seats/queue-snapshot.ts';
import type { BorrowSlot } from '#shared/model/borrow-slot.ts';
import { isFault } from '#shared/model/errors.ts';
import { rankOf, type Ticket } from '#shared/model/ticket.ts';
import { paths } from '#shared/seats/paths.ts';
import { DAY, KEY, LEASE_SECONDS, license, NOW, OLD_KEY, openSeat, request, sessionOf, snapshot } from './fixtures.ts';

const NO_QUEUE = { queue: undefined, machines: undefined };
const waits = { queue: { maxWaitSeconds: 60 } };

const ticket = (holder: string, place: number, change: Partial<Ticket> = {}): Ticket => ({
  holder,
  path: paths.ticket(KEY.licenseId, holder),
  updateTime: { seconds: '1', nanos: 0 },
  rank: rankOf(5, NOW - 60_000, place),
  ticket: `hash of ${holder}`,
  nonce: `nonce of ${holder}`,
  since: NOW - 60_000,
  polled_until: NOW + 10_000,
  wait_until: NOW + 60_000,
  user_email: null,
  hostname: null,
  platform: null,
  user: null,
  ...change,
});

function queueOf(first: readonly Ticket[], machines: readonly string[], change: Partial<QueueSnapshot> = {}) {
  const own = new Map(first.filter(({ holder }) => machines.includes(holder)).map((one) => [one.holder, one]));
  const length = first.filter(({ polled_until }) => polled_until > NOW).length;
  return { machines: undefined, queue: { first, hasMore: false, length, own, expired: 0, ...change } };
}

const queued = license({ queue: { max_length: 3 }, seats: 2, max_seats: 2 });
const outcomes = ({ steps }: ReturnType<typeof decideGroup>) =>
  Object.fromEntries(
    steps.map((step) => [
      step.request.holderId,
      step.kind === 'wait' ? step.place.position : step.kind === 'refuse' ? step.fault.code : step.kind,
    ]),
  );

describe('the rule of admission', () => {
  test('gives the one seat to the first in the queue, whatever the order of the requests', () => {
    const first = [ticket('a', 0), ticket('b', 1)];
    const read = snapshot({ license: queued, open: [openSeat('0')], used: 1 });
    const decision = decideGroup(
      read,
      queueOf(first, ['a', 'b']),
      [request('n', waits), request('b'), request('a')],
      NOW,
    );
    expect(outcomes(decision)).toEqual({ a: 'claim', b: 2, n: 3 });
  });

  test('leaves as many seats as living tickets are ahead, and gives the others to newcomers', () => {
    const read = snapshot({ license: queued, open: [openSeat('0'), openSeat('1')], used: 0 });
    const decision = decideGroup(
      read,
      queueOf([ticket('a', 0)], []),
      ['n', 'o'].map((machine) => request(machine, waits)),
      NOW,
    );
    expect(outcomes(decision)).toEqual({ n: 'claim', o: 2 });
  });

  test('passes over a dead ticket, which it removes', () => {
    const dead = ticket('a', 0, { polled_until: NOW });
    const read = snapshot({ license: queued, open: [openSeat('0')], used: 1 });
    const decision = decideGroup(read, queueOf([dead], []), [request('n')], NOW);
    expect(outcomes(decision)).toEqual({ n: 'claim' });
    expect(decision.cleaning).toEqual([
      { op: 'delete', path: dead.path, precondition: { lastUpdateTime: dead.updateTime } },
    ]);
  });

  test('passes over a machine that finds nothing to borrow, in the queue and in the group', () => {
    const terms = { max_seats: 1, max_seconds: 86_400, early_return: false, max_recalls: 0 };
    const read = snapshot({
      license: { ...queued, borrow: terms, had_borrow: true },
      open: [openSeat('0'), openSeat('1')],
      used: 0,
      borrows: { free: [], taken: 1, isBeyondCap: false },
    });
    const waiting = ticket('a', 0);
    const borrow = { borrow: { seconds: 3_600 } };
    const decision = decideGroup(
      read,
      queueOf([waiting], ['a']),
      [request('a', borrow), request('b', { ...waits, ...borrow }), request('n', waits), request('o', waits)],
      NOW,
    );
    const refused = 'no_borrow_available';
    expect(outcomes(decision)).toEqual({ a: refused, b: refused, n: 'claim', o: 'claim' });
    expect(decision.cleaning).toEqual([
      { op: 'delete', path: waiting.path, precondition: { lastUpdateTime: waiting.updateTime } },
    ]);
  });

  test('counts expired sessions as seats to be had', () => {
    const [expired] = sessionOf('gone', '0', NOW - 5_000);
    const read = snapshot({ license: queued, expired: [expired], used: 2 });
    const decision = decideGroup(read, queueOf([ticket('a', 0)], ['a'], { expired: 1 }), [request('a')], NOW);
    expect(outcomes(decision)).toEqual({ a: 'claim' });
    const [step] = decision.steps;
    expect(step?.kind === 'claim' && step.writes).toContainEqual({ op: 'delete', path: ticket('a', 0).path });
  });

  test('serves nobody beyond the tickets that were read', () => {
    const read = snapshot({ license: queued, open: [openSeat('0'), openSeat('1')], used: 0 });
    const decision = decideGroup(
      read,
      queueOf([ticket('a', 0, { polled_until: NOW })], [], { hasMore: true }),
      [request('n')],
      NOW,
    );
    expect(outcomes(decision)).toEqual({ n: 'no_seats_available' });
  });

  test('refuses where the queue is full, and whoever has waited long enough', () => {
    const first = [ticket('a', 0), ticket('b', 1), ticket('c', 2, { wait_until: NOW })];
    const read = snapshot({ license: queued, used: 2 });
    const full = queueOf(first, ['c'], { length: 3 });
    const decision = decideGroup(read, full, [request('n', waits), request('c', waits)], NOW);
    expect(outcomes(decision)).toEqual({ n: 'queue_full', c: 'no_seats_available' });
    expect(decision.cleaning).toMatchObject([{ op: 'delete', path: first[2]?.path }]);
  });
});

describe('no two requests of a group write the same document', () => {
  const borrowing = { max_seats: 3, max_seconds: 86_400, early_return: false, max_recalls: 0 };
  const lends = { borrow: borrowing, had_borrow: true, next_seat: 10, max_seats: 3, seats: 3 };
  const orphan = (machine: string, number: number): [string, BorrowSlot] => [
    machine,
    {
      ...{ number, session: `ended of ${machine}`, holder: machine, machine, until: NOW + DAY, orphan: true },
      updateTime: { seconds: '1', nanos: 0 },
    },
  ];
  const written = ({ steps }: ReturnType<typeof decideGroup>) =>
    steps.flatMap((step) => (step.kind === 'claim' ? step.writes.map(({ path }) => path) : []));
  const expectNoneTwice = (paths: readonly string[]) => expect(paths).toHaveLength(new Set(paths).size);

  test('who come back to seats that their copies kept away, admitted or not', () => {
    const read = snapshot({
      license: { ...queued, ...lends },
      open: [openSeat('0')],
      used: 1,
      orphans: new Map([orphan('a', 0), orphan('b', 1), orphan('c', 2)]),
    });
    const requests = ['a', 'b', 'c'].map((machine) => request(machine, waits));
    const decision = decideGroup(read, queueOf([], []), requests, NOW);
    expect(outcomes(decision)).toEqual({ a: 'claim', b: 'claim', c: 'claim' });
    expectNoneTwice(written(decision));
    expect(written(decision)).toEqual(
      expect.arrayContaining(['10', '11', '12'].map((n) => paths.seat(KEY.licenseId, n))),
    );
  });

  test('who borrow the seats that they have, admitted or not', () => {
    const own = ['a', 'b', 'c'].map((machine, at) => sessionOf(machine, String(at), NOW + 60_000));
    const read = snapshot({
      license: { ...queued, ...lends },
      used: 3,
      holders: new Map(own.map(([{ machine }, record]) => [machine, record])),
      rekeyed: new Map(own.map(([session]) => [session.handle, session])),
      borrows: { free: [0, 1, 2], taken: 0, isBeyondCap: false },
    });
    const borrow = { borrow: { seconds: 3_600 } };
    const requests = ['a', 'b', 'c'].map((machine) => request(machine, { ...waits, ...borrow }));
    const decision = decideGroup(read, queueOf([ticket('x', 0)], []), requests, NOW);
    expect(outcomes(decision)).toEqual({ a: 'claim', b: 'claim', c: 'claim' });
    expectNoneTwice(written(decision));
  });

  test('who comes back, and who has a seat that is newer than the licence that was read', () => {
    const [session, record] = sessionOf('b', '10', NOW + 60_000, OLD_KEY);
    const read = snapshot({
      license: license(lends),
      used: 1,
      holders: new Map([['b', record]]),
      rekeyed: new Map([[session.handle, session]]),
      orphans: new Map([orphan('a', 0)]),
    });
    const decision = decideGroup(read, NO_QUEUE, [request('a'), request('b')], NOW);
    expect(outcomes(decision)).toEqual({ a: 'claim' }); // b is attempted again
    expectNoneTwice(written(decision));
  });
});

describe('machines of a day', () => {
  const limited = license({ machines_per_day: 2 });
  const machines = (counted: readonly string[], taken: number): MachinesOfDay => ({
    day: '2026-01-31',
    counted: new Set(counted),
    taken,
  });

  test('get slots in order, and only those that take a seat', () => {
    const read = snapshot({ license: limited, open: [openSeat('0'), openSeat('1')], used: 0 });
    const decision = decideGroup(
      read,
      { queue: undefined, machines: machines(['a'], 1) },
      ['a', 'b', 'c'].map((machine) => request(machine)),
      NOW,
    );
    expect(outcomes(decision)).toEqual({ a: 'claim', b: 'claim', c: 'machine_limit_reached' });
    const slots = decision.steps.map((step) =>
      step.kind === 'claim'
        ? step.writes.filter(({ path }) => path.includes('/machine_slots/')).map(({ path }) => path)
        : [],
    );
    expect(slots.flat()).toEqual([paths.machineSlot(KEY.licenseId, '2026-01-31', 1)]);
  });

  test('are not counted again when they go on with a seat that is kept for them', () => {
    const [session, holder] = sessionOf('a', '0', NOW + LEASE_SECONDS * 1000);
    const kept = { ...session, lingering: true, handle: 'kept' };
    const read = snapshot({
      license: limited,
      open: [openSeat('1')],
      used: 1,
      holders: new Map([['a', { ...holder, session: 'kept' }]]),
      rekeyed: new Map([['kept', kept]]),
    });
    const decision = decideGroup(
      read,
      { queue: undefined, machines: machines([], 1) },
      [request('a'), request('b')],
      NOW,
    );
    const counted = decision.steps.map((step) =>
      step.kind === 'claim' ? step.writes.filter(({ path }) => path.includes('/machine_days/')).length : 0,
    );
    expect(counted).toEqual([0, 1]);
  });
});

test('a licence begins with one of the seats of its first group, and ends at its last moment at the latest', () => {
  const trial = license({ starts: 'first_acquire', duration_seconds: 200 * 86_400, expires_at: NOW + 100 * DAY });
  const read = snapshot({ license: trial, open: [openSeat('0'), openSeat('1')], used: 0 });
  const { steps } = decideGroup(read, NO_QUEUE, [request('a'), request('b')], NOW);
  const begins = steps.flatMap((step) =>
    step.kind === 'claim' ? step.writes.filter(({ path }) => path === paths.license(KEY.licenseId)) : [],
  );
  expect(begins).toEqual([
    {
      op: 'update',
      path: paths.license(KEY.licenseId),
      fields: { started_at: NOW, expires_at: NOW + 100 * DAY },
      lastUpdateTime: trial.updateTime,
    },
  ]);
  const none = decideGroup(snapshot({ license: trial, used: 5 }), NO_QUEUE, [request('a')], NOW);
  expect(none.steps.every((step) => step.kind === 'refuse' && isFault(step.fault, 'no_seats_available'))).toBe(true);
});
