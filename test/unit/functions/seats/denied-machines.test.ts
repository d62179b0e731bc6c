import { expect, test } from 'vitest';
import { createDeniedMachines, type DeniedWrite } from '#functions/seats/denied-machines.ts';

const START = Date.parse('2026-11-23T12:10:00Z');
const MINUTE = 60_000;
const CLIENT = { user_email: 'Anna@Example.org', hostname: 'WS-1', platform: 'linux', client_version: '1.2' };

function setUp() {
  let now = START;
  const machines = createDeniedMachines({ now: () => now });
  const describe = (writes: readonly DeniedWrite[]) =>
    writes.map(({ write }) => ('increment' in write ? [write.path, write.increment, write.maximum] : write));
  return {
    machines,
    deny: (machine: string, reason = 'no_seats', license = 'lic_a') =>
      machines.record(license, reason, { machine, client: CLIENT }),
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    take: (all = false) => describe(machines.take(all)),
    machinesOf: (writes: readonly DeniedWrite[]) => writes.map(({ write: { path } }) => path).sort(),
  };
}

test('a machine is written with what it said, at once and then once a minute', () => {
  const { machines, deny, pass, take } = setUp();
  deny('m1');
  expect(machines.take(false).map(({ write }) => write)).toEqual([
    {
      op: 'merge',
      path: expect.stringMatching(/^denials\/lic_a-\d{13}-[0-9a-f]{16}$/),
      fields: {
        ...{ license_id: 'lic_a', hour: Date.parse('2026-11-23T12:00:00Z'), reason: 'no_seats', machine: 'm1' },
        ...CLIENT,
        user: 'anna@example.org',
      },
      maximum: { last_at: START },
      increment: { count: 1 },
      deleteAfter: Date.parse('2026-12-23T12:00:00Z'),
    },
  ]);
  expect(machines.isPending()).toBe(false);
  for (let second = 1; second < 60; second += 1) {
    pass(1000);
    deny('m1');
    expect(take()).toEqual([]);
  }
  expect(machines.isPending()).toBe(true);
  pass(1000);
  expect(take()).toEqual([[expect.anything(), { count: 59 }, { last_at: START + 59_000 }]]);
});

test('hours, licences and reasons have records of their own, and an hour that is over is written at once', () => {
  const { deny, pass, take } = setUp();
  for (const reason of ['no_seats', 'license_suspended']) deny('m1', reason);
  deny('m1', 'no_seats', 'lic_b');
  const first = take();
  expect(new Set(first.map((one) => JSON.stringify(one))).size).toBe(3);
  pass(50 * MINUTE - 1);
  deny('m1');
  take();
  deny('m1');
  pass(1);
  deny('m1');
  const [before, after, ...none] = take() as [string, object][];
  expect([before?.[1], after?.[1], none]).toEqual([{ count: 1 }, { count: 1 }, []]);
  expect(before?.[0]).toBe(first[0]?.[0 as never]);
  expect(after?.[0]).not.toBe(before?.[0]);
});

test('newer hours come first in the order of ids', () => {
  const { machines, deny, pass, machinesOf } = setUp();
  deny('m1');
  const [old] = machinesOf(machines.take(false));
  pass(60 * MINUTE);
  deny('m1');
  const [young] = machinesOf(machines.take(false));
  expect([old, young].sort()).toEqual([young, old]);
});

test('a licence names fifty machines an hour, known ones go on to be counted', () => {
  const { deny, pass, take } = setUp();
  for (let index = 0; index < 80; index += 1) deny(`m${index}`);
  expect(take()).toHaveLength(50);
  pass(MINUTE);
  for (let index = 0; index < 80; index += 1) deny(`m${index}`);
  expect(take()).toHaveLength(50);
  pass(60 * MINUTE);
  deny('m79');
  expect(take()).toHaveLength(1);
});

test('everything is written when the instance ends, whenever it was written before', () => {
  const { deny, take } = setUp();
  deny('m1');
  take();
  deny('m1');
  expect(take()).toEqual([]);
  expect(take(true)).toHaveLength(1);
  expect(take(true)).toEqual([]);
});

test('memory is bounded, whatever is refused', () => {
  const { deny, take } = setUp();
  for (let license = 0; license < 300; license += 1) {
    for (let index = 0; index < 20; index += 1) deny(`m${index}`, 'no_seats', `lic_${license}`);
  }
  expect(take()).toHaveLength(2000);
});

test('who it was is said once, and again when it changed or the write failed: what was erased meanwhile does not come back', () => {
  const { machines, deny, pass } = setUp();
  const said = () => {
    pass(MINUTE);
    return machines.take(false).map(({ write, failed }) => ({ failed, fields: 'fields' in write ? write.fields : {} }));
  };
  const structure = { license_id: 'lic_a', hour: START - 10 * MINUTE, reason: 'no_seats', machine: 'm1' };
  const named = { ...structure, ...CLIENT, user: 'anna@example.org' };
  deny('m1');
  const [first] = said();
  expect(first?.fields).toEqual(named);
  deny('m1');
  expect(said()).toMatchObject([{ fields: structure }]);
  deny('m1');
  const [quiet] = said();
  expect(quiet?.fields).toEqual(structure);
  quiet?.failed();
  deny('m1');
  expect(said()).toMatchObject([{ fields: named }]);
  machines.record('lic_a', 'no_seats', { machine: 'm1', client: { ...CLIENT, hostname: 'WS-2' } });
  expect(said()).toMatchObject([{ fields: { ...named, hostname: 'WS-2' } }]);
});
