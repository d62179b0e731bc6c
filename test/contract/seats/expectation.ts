import { handleOf } from '#shared/model/session-id.ts';
import * as model from './model.ts';
import type { Operation } from './operations.ts';
import type { View } from './view.ts';
import type { World } from './world.ts';

/** Compares the result of a step with the model. @returns a line for each difference */
export type Check = (answers: readonly string[], after: View) => string[];

/** The expected result of a step, where the model knows one: a single operation, or a rush of machines without seats. */
export function expectation(world: World, before: View, operations: readonly Operation[]): Check | undefined {
  const [only] = operations;
  // What borrowing allows is held against the invariants alone.
  if (only === undefined || before.license.reconciling || before.license.had_borrow) return undefined;
  const now = world.clockAt(only.at).now();
  if (operations.length > 1) return rush(world, before, operations, now);
  const expected = alone(world, before, only, now);
  return expected && (([answer = ''], after) => model.differences(expected, answer, before, after));
}

function rush(world: World, before: View, operations: readonly Operation[], now: number): Check | undefined {
  const asking = operations.flatMap((operation) =>
    operation.kind === 'acquire'
      ? [{ holder: world.holder(operation.machine), key: world.keyFor(operation.newestKey) }]
      : [],
  );
  // A key that has ended on one instance still works on another whose clock is behind: there either may be right.
  const clocks = operations.map(({ at }) => world.clockAt(at).now());
  const ends = asking.flatMap(({ key }) => (key.until === null ? [] : [key.until]));
  if (ends.some((end) => clocks.some((time) => time < end) && clocks.some((time) => time >= end))) return undefined;
  const count = asking.length === operations.length ? model.rushing(before, asking, now) : undefined;
  if (count === undefined) return undefined;
  return (answers) => {
    const granted = answers.filter((answer) => answer === 'new session').length;
    const refused = answers.filter((answer) => answer === 'no_seats_available').length;
    if (granted === count && granted + refused === answers.length) return [];
    return [`model: ${count} of ${answers.length} should have a seat, not: ${answers}`];
  };
}

function alone(world: World, before: View, operation: Operation, now: number): model.Expected | undefined {
  switch (operation.kind) {
    case 'acquire': {
      const asking = { holder: world.holder(operation.machine), key: world.keyFor(operation.newestKey) };
      return model.acquiring(before, asking, now);
    }
    case 'heartbeat':
    case 'release': {
      const sessionId = world.sessionOf(operation.machine, operation.stale);
      if (sessionId === undefined) return undefined;
      const handle = handleOf(sessionId);
      return operation.kind === 'heartbeat'
        ? model.heartbeating(before, handle, now)
        : model.releasing(before, handle, now);
    }
    case 'reap':
      return model.reaping(before, world.endedKeys, now);
    case 'suspend':
      return model.changing(before, 0, 'license_suspended');
    case 'resize':
      return before.license.status === 'active' ? model.changing(before, operation.seats, 'seats_reduced') : undefined;
    case 'reinstate':
    case 'expire':
      return model.changing(before, before.license.max_seats, 'seats_reduced');
    case 'end key':
      return model.endingKey(before, world.keyFor(true).id, operation.endSessions);
    case 'rotate':
    case 'borrow':
    case 'recall':
    case 'cap':
    case 'kill':
      return undefined;
    default:
      return operation satisfies never;
  }
}
