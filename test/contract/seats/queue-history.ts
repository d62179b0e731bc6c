import fc from 'fast-check';

/** One request or job of a licence with a queue. `at` is the instance that serves it, `machine` the client. */
export type QueueOperation =
  /** Asks for a seat, and waits for one or not. */
  | { readonly kind: 'ask' | 'try'; readonly at: number; readonly machine: number }
  | { readonly kind: 'release' | 'leave'; readonly at: number; readonly machine: number }
  | { readonly kind: 'reap'; readonly at: number };

export type QueueStep =
  | { readonly kind: 'together'; readonly operations: readonly QueueOperation[] }
  | { readonly kind: 'wait'; readonly seconds: number };

export interface QueueHistory {
  readonly seats: number;
  /** Decides the interleaving, the faults and every random number of the domain. */
  readonly seed: number;
  /** How many of 100 writes fail in some way. */
  readonly faults: number;
  /** Milliseconds that each instance's clock is off. */
  readonly skews: readonly number[];
  readonly maxLength: number;
  readonly machinesPerDay: number | null;
  readonly steps: readonly QueueStep[];
}

export const QUEUE_MACHINES = 6;
export const QUEUE_INSTANCES = 3;
export const WAIT_SECONDS = 60;

const at = fc.nat(QUEUE_INSTANCES - 1);
const machine = fc.nat(QUEUE_MACHINES - 1);
/** No sum of them is close to the life of a ticket or a lease, so a tick of the clock more or less decides nothing. */
const WAITS = [4, 8, 27, 400];

const ask = fc.record({ kind: fc.constantFrom('ask' as const, 'ask' as const, 'try' as const), at, machine });
const operation: fc.Arbitrary<QueueOperation> = fc.oneof(
  { weight: 8, arbitrary: ask },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('release' as const), at, machine }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), at, machine }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reap' as const), at }) },
);

const together = (operations: readonly QueueOperation[]): QueueStep => ({ kind: 'together', operations });
const alone = operation.map((one) => [together([one])]);
const several = fc.array(operation, { minLength: 2, maxLength: 5, size: 'max' }).map((all) => [together(all)]);
const wait = fc.constantFrom(...WAITS).map((seconds): QueueStep[] => [{ kind: 'wait', seconds }]);

/** All seats are taken, some machines wait; a seat comes free while everybody asks. */
const contended = fc
  .tuple(
    fc.array(ask, { minLength: 4, maxLength: 6 }),
    machine,
    fc.array(operation, { minLength: 2, maxLength: 4 }),
    at,
  )
  .map(([first, leaving, then, where]) => [
    together(first),
    together([{ kind: 'release', at: where, machine: leaving }, ...then]),
  ]);

/** One machine asks all instances at once, before it waits and while it does; then a seat comes free for it. */
const twins = fc.tuple(machine, machine, fc.nat(2)).map(([one, other, more]) => {
  const everywhere = [0, 1, 2].map((where) => ({ kind: 'ask' as const, at: where, machine: one }));
  return [
    together(Array.from({ length: more + 1 }, (_, index) => ({ kind: 'ask', at: index, machine: other }))),
    together(everywhere),
    together([{ kind: 'release', at: 0, machine: other }, ...everywhere]),
  ];
});

/** A ticket is at its end for some instances while its machine polls another one, and somebody clears the queue. */
const brink = fc.tuple(machine, machine, fc.constantFrom(9_300, 9_700, 10_100)).map(([one, other, milliseconds]) => [
  ...[0, 1].map((add) => together([{ kind: 'ask' as const, at: 0, machine: (one + add) % QUEUE_MACHINES }])),
  together([{ kind: 'ask' as const, at: 0, machine: other }]),
  { kind: 'wait' as const, seconds: milliseconds / 1000 },
  together([
    { kind: 'ask' as const, at: 1, machine: other },
    { kind: 'reap' as const, at: 2 },
    { kind: 'ask' as const, at: 2, machine: (other + 1) % QUEUE_MACHINES },
  ]),
]);

/** A machine takes the seat, others wait, and ask again before their tickets end. */
const patience = fc.tuple(machine, fc.constantFrom(4, 8)).map(([one, seconds]) => {
  const asks = [1, 2, 3].map((add) => ({ kind: 'ask' as const, at: add % 3, machine: (one + add) % QUEUE_MACHINES }));
  return [
    together([{ kind: 'ask', at: 0, machine: one }]),
    together(asks),
    { kind: 'wait' as const, seconds },
    together(asks),
  ];
});

/** A machine gives its ticket back while it polls. */
const leaving = fc.tuple(machine, fc.nat(1)).map(([one, more]) => {
  const asks = [0, 1, 2].map((add) => ({ kind: 'ask' as const, at: add, machine: (one + add) % QUEUE_MACHINES }));
  const last = (one + 2) % QUEUE_MACHINES;
  const polls = [1, 2].slice(0, more + 1).map((where) => ({ kind: 'ask' as const, at: where, machine: last }));
  return [...asks.map((ask) => together([ask])), together([{ kind: 'leave', at: 0, machine: last }, ...polls])];
});

export const QUEUE_SCENARIOS = { alone, several, wait, contended, twins, brink, patience, leaving };
export type QueueScenario = keyof typeof QUEUE_SCENARIOS;

const historiesOf = (steps: fc.Arbitrary<readonly QueueStep[]>, faults: fc.Arbitrary<number>, most: number) =>
  fc.record({
    seats: fc.integer({ min: 1, max: 2 }),
    seed: fc.nat(),
    faults,
    skews: fc.constantFrom([0, 0, 0], [0, -300, 300], [-200, 0, 400]),
    maxLength: fc.constantFrom(2, 100),
    machinesPerDay: fc.constantFrom(null, null, 3),
    steps: fc.array(steps, { minLength: 1, maxLength: most, size: 'max' }).map((parts) => parts.flat()),
  });

export const queueHistories: fc.Arbitrary<QueueHistory> = historiesOf(
  fc.oneof(
    { weight: 6, arbitrary: alone },
    { weight: 3, arbitrary: several },
    { weight: 2, arbitrary: wait },
    { weight: 2, arbitrary: contended },
    { weight: 1, arbitrary: twins },
    { weight: 1, arbitrary: brink },
    { weight: 1, arbitrary: patience },
    { weight: 1, arbitrary: leaving },
  ),
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(25) }),
  6,
);

/** One scenario, repeated. */
export const queueHistoriesAbout = (scenario: QueueScenario): fc.Arbitrary<QueueHistory> =>
  historiesOf(QUEUE_SCENARIOS[scenario], fc.constant(0), 4);
