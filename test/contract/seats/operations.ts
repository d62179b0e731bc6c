import fc from 'fast-check';
import { type License, RELEASE_MODES } from '#shared/model/license.ts';
import type { SeatTerms } from '#shared/model/seat-terms.ts';

/** One request or job. `at` is the instance that serves it, `machine` the client, which knows the sessions it was answered. */
export type Operation = Request & {
  /** It begins after so many calls of its step's other operations, which may be under way still, and that much time. */
  readonly begins?: { readonly calls: number; readonly milliseconds: number };
};

type Request =
  | ({ readonly kind: 'acquire' } & Asking)
  | ({ readonly kind: 'borrow'; readonly seconds: number } & Asking)
  /** An administrator takes a machine's seat back, borrowed or not. */
  | { readonly kind: 'recall'; readonly at: number; readonly machine: number }
  /** How many seats may be borrowed. */
  | { readonly kind: 'cap'; readonly at: number; readonly seats: number }
  | { readonly kind: 'heartbeat' | 'release'; readonly at: number; readonly machine: number; readonly stale: boolean }
  | { readonly kind: 'reap'; readonly at: number }
  | { readonly kind: 'resize'; readonly at: number; readonly seats: number }
  | { readonly kind: 'suspend' | 'reinstate'; readonly at: number }
  | { readonly kind: 'expire'; readonly at: number; readonly seconds: number }
  | { readonly kind: 'rotate'; readonly at: number; readonly grace: number }
  | { readonly kind: 'end key'; readonly at: number; readonly endSessions: boolean }
  /** The instance is killed after so many calls to the store, and another one started in its place. */
  | { readonly kind: 'kill'; readonly at: number; readonly after: number };

interface Asking {
  readonly at: number;
  readonly machine: number;
  readonly newestKey: boolean;
  /** It waits in the queue if there is no seat. */
  readonly waits?: boolean;
  /** Its caller disconnects after so many calls to the store, its own or others'. */
  readonly aborts?: number | undefined;
}

export type Step =
  | { readonly kind: 'together'; readonly operations: readonly Operation[] }
  /** A client forgets what it holds. */
  | { readonly kind: 'crash'; readonly machine: number }
  | { readonly kind: 'wait'; readonly seconds: number };

export interface Sequence {
  readonly seats: number;
  /** Decides the interleaving, the faults and every random number of the domain. */
  readonly seed: number;
  /** When a released seat is free; with `after_copy` the licence has no offline time, and heartbeats sign copies. */
  readonly release: License['release'];
  /** How many seats may be borrowed; 0: none, and the licence has never allowed it. */
  readonly borrow: number;
  /** How many of 100 writes fail in some way. */
  readonly faults: number;
  /** Milliseconds that each instance's clock is off; within the slack of each other. */
  readonly skews: readonly number[];
  /** The licence's terms; absent: it goes without them. */
  readonly terms?: Partial<SeatTerms>;
  /** Whether a borrowed seat may be given back before its time. Default: it may. */
  readonly earlyReturn?: boolean;
  /** Milliseconds that each call to the store takes. Default: one. */
  readonly callTime?: number;
  /** How many other calls each instance's writes let pass. Default: none. */
  readonly latencies?: readonly number[];
  /** Instances are killed, or callers disconnect, so that what was asked may have been done without anybody's knowing. */
  readonly isRestless?: boolean;
  readonly steps: readonly Step[];
}

export const LEASE_SECONDS = 360;
export const BORROW_SECONDS = [500, 900];
export const WAIT_SECONDS = 300;
export const MACHINES = 6;
export const INSTANCES = 3;
const MAX_SCENARIOS = 4;

/** No sum of these is close to a lease's end, so a tick of the clock more or less decides nothing. */
const WAITS = [7, 100, 200, 400];
const LICENSE_ENDS = [53, 1_000, 1_000_000];

const at = fc.nat(INSTANCES - 1);
const machine = fc.nat(MACHINES - 1);

const acquire = fc.record({
  kind: fc.constant('acquire' as const),
  at,
  machine,
  newestKey: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
});
const reap = fc.record({ kind: fc.constant('reap' as const), at });

/** The usual requests of clients and the scheduler. */
const daily: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: acquire },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('heartbeat' as const, 'release' as const),
      at,
      machine,
      stale: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    }),
  },
  { weight: 2, arbitrary: reap },
);

const endKey = fc.record({ kind: fc.constant('end key' as const), at, endSessions: fc.boolean() });

const administration: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('resize' as const), at, seats: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('suspend' as const, 'reinstate' as const), at }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('expire' as const), at, seconds: fc.constantFrom(...LICENSE_ENDS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rotate' as const), at, grace: fc.constantFrom(-10, 1_000) }) },
  { weight: 1, arbitrary: endKey },
);

const operation = fc.oneof({ weight: 6, arbitrary: daily }, { weight: 1, arbitrary: administration });
const rush = fc.array(acquire, { minLength: 3, maxLength: 8 });

const together = (operations: fc.Arbitrary<readonly Operation[]>): fc.Arbitrary<readonly Step[]> =>
  operations.map((chosen) => [{ kind: 'together', operations: chosen }]);

const several = (arbitrary: fc.Arbitrary<Operation>, minLength: number, maxLength: number) =>
  fc.array(arbitrary, { minLength, maxLength, size: 'max' });

const borrow = fc.record({
  kind: fc.constant('borrow' as const),
  at,
  machine,
  newestKey: fc.constant(true),
  seconds: fc.constantFrom(...BORROW_SECONDS),
});

const borrowing: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: borrow },
  { weight: 2, arbitrary: daily },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recall' as const), at, machine }) },
);
const taking: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 2, arbitrary: administration },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cap' as const), at, seats: fc.integer({ min: 1, max: 3 }) }) },
);

/** Whatever takes a seat away whose time is over. */
const brink: fc.Arbitrary<Operation> = fc.oneof(
  reap,
  fc.record({ kind: fc.constant('suspend' as const), at }),
  fc.record({ kind: fc.constant('resize' as const), at, seats: fc.constant(1) }),
);

/** The instance of what is overtaken. */
const SLOW = 0;

/** At another instance, once whatever ends within a second has ended, when a request that began before has read all it needs. */
const afterTheEnd = (operation: Operation, calls: number): Operation => ({
  ...operation,
  at: 1 + (operation.at % 2),
  begins: { calls, milliseconds: 3_000 },
});
const someCalls = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 4, maxLength: 4 });

const taker: fc.Arbitrary<Operation> = fc.oneof(
  acquire,
  reap,
  fc.record({ kind: fc.constant('suspend' as const), at }),
);

/** Scenarios of a few steps, each of which makes some of the preconditions decisive. */
export const SCENARIOS = {
  anything: fc.oneof(
    { weight: 4, arbitrary: together(several(operation, 2, 5)) },
    { weight: 4, arbitrary: together(several(operation, 1, 1)) },
    { weight: 2, arbitrary: together(rush) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), machine }).map((step) => [step]) },
    {
      weight: 3,
      arbitrary: fc
        .record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(...WAITS) })
        .map((step) => [step]),
    },
  ),
  /** Leases expire; then other machines acquire, some holders return, and the reaper runs. */
  lapse: fc.tuple(rush, several(fc.oneof(acquire, daily, reap), 2, 5)).map(([first, then]): readonly Step[] => [
    { kind: 'together', operations: first },
    { kind: 'wait', seconds: 400 },
    { kind: 'together', operations: then },
  ]),
  /** One machine acquires from all instances at once. */
  twins: fc.tuple(machine, several(daily, 0, 2)).map(([one, beside]): readonly Step[] => [
    {
      kind: 'together',
      operations: [
        ...[0, 1, 2].map((at) => ({ kind: 'acquire' as const, at, machine: one, newestKey: true })),
        ...beside,
      ],
    },
  ]),
  /** A session is released through two instances at once while others acquire; then its client sends a heartbeat. */
  doubleRelease: fc.tuple(machine, several(acquire, 1, 3)).map(([one, others]): readonly Step[] => [
    { kind: 'together', operations: [{ kind: 'acquire', at: 0, machine: one, newestKey: true }] },
    {
      kind: 'together',
      operations: [
        { kind: 'release', at: 0, machine: one, stale: false },
        { kind: 'release', at: 1, machine: one, stale: false },
        ...others,
      ],
    },
    { kind: 'together', operations: [{ kind: 'heartbeat', at: 2, machine: one, stale: false }] },
  ]),
  /** A session is released while its client's heartbeats sign copies; then others want the seat, and the machine does. */
  comeAndGo: fc
    .tuple(machine, fc.constantFrom(...WAITS.slice(0, 3)), rush, several(acquire, 1, 3))
    .map(([one, seconds, others, later]): readonly Step[] => [
      { kind: 'together', operations: [{ kind: 'acquire', at: 0, machine: one, newestKey: true }] },
      { kind: 'wait', seconds },
      {
        kind: 'together',
        operations: [
          { kind: 'heartbeat', at: 1, machine: one, stale: false },
          { kind: 'release', at: 0, machine: one, stale: false },
          { kind: 'heartbeat', at: 2, machine: one, stale: false },
        ],
      },
      { kind: 'wait', seconds },
      { kind: 'together', operations: others },
      { kind: 'wait', seconds },
      { kind: 'together', operations: later },
    ]),
  /** Several administrators at once, and a client or two. */
  administration: fc
    .tuple(rush, several(administration, 2, 3), several(daily, 0, 2))
    .map(([first, changes, beside]): readonly Step[] => [
      { kind: 'together', operations: first },
      { kind: 'together', operations: [...changes, ...beside] },
    ]),
  /** The licence grows and shrinks at once. */
  resize: together(
    several(fc.record({ kind: fc.constant('resize' as const), at, seats: fc.constantFrom(1, 2, 8) }), 2, 3),
  ),
  /** A key ends, its sessions too, while machines acquire with it; then the reaper runs. */
  endKey: fc.tuple(rush, several(acquire, 2, 4), at).map(([first, then, where]): readonly Step[] => [
    { kind: 'together', operations: first },
    { kind: 'together', operations: [{ kind: 'end key', at: where, endSessions: true }, ...then] },
    { kind: 'together', operations: [{ kind: 'reap', at: where }] },
  ]),
  /** The licence shrinks while clients acquire the open seats. */
  narrow: fc
    .tuple(at, fc.constantFrom('resize' as const, 'suspend' as const), several(acquire, 2, 4))
    .map(([where, kind, clients]): readonly Step[] => [
      {
        kind: 'together',
        operations: [kind === 'resize' ? { kind, at: where, seats: 1 } : { kind, at: where }, ...clients],
      },
      { kind: 'together', operations: [{ kind: 'reinstate', at: where }] },
      { kind: 'together', operations: [{ kind: 'suspend', at: where }] },
      { kind: 'together', operations: [{ kind: 'reinstate', at: where }] },
      { kind: 'together', operations: [{ kind: 'resize', at: where, seats: 3 }] },
    ]),
  /** The licence shrinks after leases have expired and while other machines acquire. */
  shrink: fc
    .tuple(rush, at, fc.constantFrom('resize' as const, 'suspend' as const), several(fc.oneof(acquire, daily), 2, 4))
    .map(([first, where, kind, beside]): readonly Step[] => [
      { kind: 'together', operations: first },
      { kind: 'wait', seconds: 400 },
      {
        kind: 'together',
        operations: [kind === 'resize' ? { kind, at: where, seats: 1 } : { kind, at: where }, ...beside],
      },
      { kind: 'together', operations: [{ kind: 'reinstate', at: where }] },
      { kind: 'together', operations: [{ kind: 'resize', at: where, seats: 3 }] },
    ]),
  /** Machines borrow, for longer, give back and come back, while administrators take seats away and give them again. */
  borrow: fc
    .tuple(
      several(borrowing, 2, 5),
      fc.constantFrom(7, 400, 600),
      several(fc.oneof(borrowing, taking), 2, 4),
      several(borrowing, 1, 3),
    )
    .map(([first, seconds, then, last]): readonly Step[] => [
      { kind: 'together', operations: first },
      { kind: 'wait', seconds },
      { kind: 'together', operations: then },
      { kind: 'together', operations: [{ kind: 'reinstate', at: 0 }] },
      { kind: 'together', operations: last },
    ]),
  /** A borrowed seat is taken away while its machine asks for it again. */
  borrowedAway: fc
    .tuple(machine, at, fc.constantFrom('suspend' as const, 'end key' as const), several(borrowing, 1, 3))
    .map(([one, where, kind, others]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: 1, machine: one, newestKey: true, seconds: 900 };
      const away = kind === 'suspend' ? { kind, at: where } : { kind, at: where, endSessions: true };
      return [
        { kind: 'together', operations: [{ ...again, at: 0, seconds: 500 }] },
        { kind: 'together', operations: [again, { ...again, at: 2 }, away] },
        { kind: 'together', operations: [{ kind: 'reinstate', at: where }] },
        { kind: 'together', operations: [again, { ...again, at: 2 }, ...others] },
      ];
    }),
  /** A machine that has a seat borrows it through all instances at once. */
  borrowTwins: fc.tuple(machine, several(borrowing, 1, 2)).map(([one, others]): readonly Step[] => {
    const again = { kind: 'borrow' as const, at: 0, machine: one, newestKey: true, seconds: 500 };
    return [
      { kind: 'together', operations: [{ ...again, kind: 'acquire' }] },
      { kind: 'together', operations: [again, { ...again, at: 1 }, { ...again, at: 2 }, ...others] },
    ];
  }),
  /** A machine borrows for longer, with the old key and with the new one, and an administrator takes the seat back. */
  borrowRekeyed: fc
    .tuple(machine, fc.constantFrom(true, false, false), several(borrowing, 1, 2))
    .map(([one, recalled, others]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: 0, machine: one, newestKey: false, seconds: 900 };
      const recalls = recalled ? [1, 2].map((where) => ({ kind: 'recall' as const, at: where, machine: one })) : [];
      return [
        { kind: 'together', operations: [{ ...again, newestKey: true, seconds: 500 }] },
        { kind: 'together', operations: [{ kind: 'rotate', at: 0, grace: 1_000 }] },
        { kind: 'together', operations: [again, { ...again, at: 1, newestKey: true }, ...recalls, ...others] },
      ];
    }),
  /** The time of a borrowed seat ends while its machine borrows it for longer, and others give, want and take it. */
  borrowedBrink: fc
    .tuple(
      machine,
      at,
      fc.constantFrom(498, 499, 499.5, 500),
      several(fc.oneof(brink, acquire), 1, 3),
      several(fc.oneof(acquire, reap), 1, 2),
    )
    .map(([one, where, seconds, others, last]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: where, machine: one, newestKey: true, seconds: 900 };
      return [
        { kind: 'together', operations: [{ ...again, seconds: 500 }] },
        { kind: 'wait', seconds },
        {
          kind: 'together',
          operations: [again, { kind: 'release', at: (where + 1) % INSTANCES, machine: one, stale: false }, ...others],
        },
        { kind: 'together', operations: last },
      ];
    }),
  /** A machine borrows its seat for longer in the last second, and before that is written the seat seems to be free. */
  extendedBrink: fc
    .tuple(machine, fc.constantFrom(498, 499, 499.5), taker, several(acquire, 0, 1), someCalls(3, 8))
    .map(([one, seconds, taken, others, calls]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: SLOW, machine: one, newestKey: true, seconds: 900 };
      return [
        { kind: 'wait', seconds: 1_000 },
        { kind: 'together', operations: [{ kind: 'reinstate', at: SLOW }] },
        { kind: 'together', operations: [{ ...again, seconds: 500 }] },
        { kind: 'wait', seconds },
        {
          kind: 'together',
          operations: [again, ...[taken, ...others].map((by, index) => afterTheEnd(by, calls[index] ?? 0))],
        },
      ];
    }),
  /** The copy of a session that was ended comes to its end while its machine comes back and others borrow. */
  orphanBrink: fc
    .tuple(machine, several(fc.oneof(brink, borrow), 0, 3), several(borrow, 1, 2), someCalls(3, 8))
    .map(([one, others, last, calls]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: SLOW, machine: one, newestKey: true, seconds: 900 };
      const later = [{ kind: 'reap' as const, at: 1 }, ...others];
      return [
        { kind: 'together', operations: [{ ...again, seconds: 500 }] },
        { kind: 'together', operations: [{ kind: 'suspend', at: SLOW }] },
        { kind: 'together', operations: [{ kind: 'reinstate', at: SLOW }] },
        { kind: 'wait', seconds: 498 },
        { kind: 'together', operations: [again, ...later.map((by, index) => afterTheEnd(by, calls[index] ?? 0))] },
        { kind: 'together', operations: last },
      ];
    }),
  /** A machine comes back to its orphan while the licence gets fewer seats. */
  orphanNarrow: fc
    .tuple(machine, fc.integer({ min: 1, max: 3 }), several(borrow, 0, 2))
    .map(([one, seats, others]): readonly Step[] => {
      const again = { kind: 'borrow' as const, at: SLOW, machine: one, newestKey: true, seconds: 900 };
      return [
        { kind: 'together', operations: [{ kind: 'resize', at: SLOW, seats: 4 }] },
        { kind: 'together', operations: [again] },
        { kind: 'together', operations: [{ kind: 'suspend', at: SLOW }] },
        { kind: 'together', operations: [{ kind: 'reinstate', at: SLOW }] },
        { kind: 'together', operations: [again, { kind: 'resize', at: 1, seats }, ...others] },
      ];
    }),
} satisfies Record<string, fc.Arbitrary<readonly Step[]>>;

export type Scenario = keyof typeof SCENARIOS;

const sequencesOf = (
  steps: fc.Arbitrary<readonly Step[]>,
  faults: fc.Arbitrary<number>,
  {
    borrow = fc.constant(0),
    release = fc.constantFrom(...RELEASE_MODES),
  }: {
    readonly borrow?: fc.Arbitrary<number>;
    readonly release?: fc.Arbitrary<Sequence['release']>;
  } = {},
): fc.Arbitrary<Sequence> =>
  fc.record({
    seats: fc.integer({ min: 1, max: 4 }),
    release,
    borrow,
    seed: fc.nat(),
    faults,
    skews: fc.constantFrom([0, 0, 0], [0, 450, -450], [-200, 0, 700]),
    steps: fc.array(steps, { minLength: 1, maxLength: MAX_SCENARIOS, size: 'max' }).map((parts) => parts.flat()),
  });

/** All scenarios; a third of the sequences has network faults. */
export const sequences = sequencesOf(
  fc.oneof(
    { weight: 8, arbitrary: SCENARIOS.anything },
    { weight: 1, arbitrary: SCENARIOS.lapse },
    { weight: 1, arbitrary: SCENARIOS.twins },
    { weight: 1, arbitrary: SCENARIOS.doubleRelease },
    { weight: 1, arbitrary: SCENARIOS.comeAndGo },
    { weight: 1, arbitrary: SCENARIOS.administration },
    { weight: 1, arbitrary: SCENARIOS.resize },
    { weight: 1, arbitrary: SCENARIOS.endKey },
    { weight: 1, arbitrary: SCENARIOS.narrow },
    { weight: 1, arbitrary: SCENARIOS.shrink },
  ),
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(25) }),
);

/** A seat that is given back early is free at once, whatever the licence says of online copies. */
const BORROWING = { borrow: fc.integer({ min: 1, max: 3 }), release: fc.constant('at_once' as const) };

/** Borrowed seats among everything else. */
export const borrowSequences = sequencesOf(
  fc.oneof(
    { weight: 3, arbitrary: SCENARIOS.borrow },
    { weight: 2, arbitrary: SCENARIOS.borrowedAway },
    { weight: 4, arbitrary: SCENARIOS.borrowRekeyed },
    { weight: 1, arbitrary: SCENARIOS.anything },
  ),
  fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(25) }),
  BORROWING,
);

/** One scenario, repeated. */
export const sequencesAbout = (scenario: Scenario): fc.Arbitrary<Sequence> => {
  const isBorrowing = /^borrow|^extended|^orphan/.test(scenario);
  const chosen = sequencesOf(SCENARIOS[scenario], fc.constant(0), isBorrowing ? BORROWING : {});
  // Calls take so long that time ends between them.
  if (scenario === 'borrowedBrink') return chosen.map((sequence) => ({ ...onEdge(sequence), callTime: 150 }));
  if (!/^extended|^orphan/.test(scenario)) return chosen;
  return fc
    .tuple(chosen, fc.tuple(latency, latency, latency))
    .map(([sequence, slow]) => ({ ...onEdge(sequence), latencies: slow }));
};

const latency = fc.integer({ min: 0, max: 20 });

/** With few seats, which nobody gives back before they are due. */
const onEdge = (sequence: Sequence): Sequence => ({ ...sequence, seats: 1 + (sequence.seed % 2), earlyReturn: false });
